import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, redactConfig } from '../../src/config/load.ts'

describe('the configuration of a node', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-config-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  const write = (text: string) => writeFile(join(folder, 'causeway.yaml'), text)

  it('needs nothing but its public URL', async () => {
    await write('publicUrl: https://drive.example/\n')
    const { config } = loadConfig(folder, {})
    expect(config).toMatchObject({
      publicUrl: 'https://drive.example',
      database: { client: 'sqlite', file: join(folder, 'causeway.db') },
      storage: { folder: join(folder, 'spaces'), fsync: 'rename' },
      network: { allow: [], insecureHttp: false },
      ocm: { trust: 'open', requireSignatures: 'known' },
      transfers: { executor: 'auto' },
    })
  })

  it('is overridden key by key from the environment', async () => {
    await write('publicUrl: https://drive.example\nnetwork:\n  idleTimeoutSeconds: 5\n')
    const { config } = loadConfig(folder, {
      CAUSEWAY_NETWORK__INSECURE_HTTP: 'true',
      CAUSEWAY_NETWORK__ALLOW: '["127.0.0.0/8"]',
      CAUSEWAY_NETWORK__HOSTS: '{"leiden.test":"127.0.0.1"}',
      CAUSEWAY_PUBLIC_URL: 'https://other.example',
      CAUSEWAY_TRANSFERS__SLOTS: '3',
    })
    expect(config.publicUrl).toBe('https://other.example')
    expect(config.transfers.slots).toBe(3)
    expect(config.network).toMatchObject({
      insecureHttp: true,
      allow: ['127.0.0.0/8'],
      hosts: { 'leiden.test': '127.0.0.1' },
      idleTimeoutSeconds: 5,
    })
  })

  it('reads a secret from a file, and shows it to nobody', async () => {
    await write('publicUrl: https://drive.example\ndatabase:\n  client: postgres\n')
    const file = join(folder, 'url')
    await writeFile(file, 'postgres://causeway:very-secret@db.example/leiden\n')
    const { config } = loadConfig(folder, { CAUSEWAY_DATABASE__URL_FILE: file })
    expect(config.database).toMatchObject({ url: 'postgres://causeway:very-secret@db.example/leiden' })
    expect(JSON.stringify(redactConfig(config))).not.toContain('very-secret')
  })

  it('takes the path of a file where the key itself is a file', async () => {
    await write('publicUrl: https://drive.example\n')
    const { config } = loadConfig(folder, { CAUSEWAY_DATABASE__FILE: 'other.db' })
    expect(config.database).toMatchObject({ file: join(folder, 'other.db') })
  })

  it.each([
    ['an unknown key', 'publicUrl: https://a.example\nfoo: 1\n', /foo/],
    ['a misspelt key below', 'publicUrl: https://a.example\nocm: {trsut: open}\n', /trsut/],
    ['a wrong value', 'publicUrl: https://a.example\nocm: {trust: everyone}\n', /ocm\.trust/],
    ['no public URL', 'name: Leiden\n', /publicUrl/],
    ['a public URL of another kind', 'publicUrl: ftp://a.example\n', /publicUrl/],
    [
      'a network that is none',
      'publicUrl: https://a.example\nnetwork: {allow: [everywhere]}\n',
      /network\.allow\.0/,
    ],
    ['broken YAML', 'publicUrl: [\n', /cannot be read/],
  ])('refuses %s and names it', async (_, text, words) => {
    await write(text)
    expect(() => loadConfig(folder, {})).toThrow(words)
  })

  it('says how to make a node where none is', () => {
    expect(() => loadConfig(join(folder, 'nothing'), {})).toThrow(/causeway init/)
  })
})
