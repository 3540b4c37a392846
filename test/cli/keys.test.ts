import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initNode } from '../../src/admin.ts'
import { withDatabase } from '../../src/admin-database.ts'
import { serve } from '../../src/main.ts'
import { createCli } from './support/cli.ts'

type Cli = ReturnType<typeof createCli>

let folder: string
let cli: Cli

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-keys-'))
  await initNode(folder, { publicUrl: 'http://leiden.test', password: 'ann-password' })
  cli = createCli(join(folder, 'profile'))
})

afterAll(() => rm(folder, { recursive: true }))

/** What a command prints with `--json`: one object a line. */
async function run(...args: string[]): Promise<Record<string, string>[]> {
  const answer = await cli([...args, '--json'])
  expect(answer).toMatchObject({ code: 0, stderr: '' })
  return answer.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const kidOfFile = async () => JSON.parse(await readFile(join(folder, 'keys/signing-1.json'), 'utf8')).kid

describe('causeway keys', () => {
  it('rotates the key of the folder away while the node runs', async () => {
    const first = await kidOfFile()
    expect(await run('keys', 'list', folder)).toMatchObject([
      { kid: first, kind: 'ed25519', state: 'active' },
    ])
    const [staged] = await run('keys', 'stage', folder)
    expect(staged).toMatchObject({ state: 'staged' })
    const node = await serve(folder, { port: 0 })
    const published = async () => {
      const answer = await fetch(`${node.url}/.well-known/jwks.json`)
      const { keys } = (await answer.json()) as { keys: { kid: string }[] }
      return keys.map((key) => key.kid).filter((kid) => !kid.startsWith('http'))
    }
    expect(await published()).toEqual([first, staged?.kid])
    expect(await run('keys', 'activate', folder)).toMatchObject([{ kid: staged?.kid, state: 'active' }])
    expect(await run('keys', 'retire', folder, first)).toMatchObject([{ kid: first, state: 'retired' }])
    await expect.poll(published, { timeout: 10_000, interval: 100 }).toEqual([staged?.kid])
    await node.stop()
    await rm(join(folder, 'keys/signing-1.json'))
    expect((await run('keys', 'list', folder)).map((key) => key.state).sort()).toEqual(['active', 'retired'])
  })

  it('makes an RSA key, and says what it does not do', async () => {
    const [rsa] = await run('keys', 'stage', folder, '--kind', 'rsa')
    expect(rsa).toMatchObject({ kid: 'http://leiden.test/ocm#signature', kind: 'rsa', state: 'staged' })
    await run('keys', 'activate', folder, rsa?.kid ?? '')
    expect(await cli(['keys', 'retire', folder, rsa?.kid ?? ''])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stage and activate another one first'),
    })
    expect(await cli(['keys', 'activate', folder])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No key is staged'),
    })
    expect(await cli(['keys', 'stage', folder, '--kind', 'hmac'])).toMatchObject({ code: 2 })
    const shown = await cli(['keys', 'list', folder])
    expect(shown.stdout).toContain('http://leiden.test/ocm#signature')
    expect(shown.stdout).not.toContain('PRIVATE')
  })
})

describe('causeway trust and peer', () => {
  it('keeps the lists of hosts', async () => {
    await run('trust', 'add', folder, 'Krakow.test')
    await run('trust', 'deny', folder, 'evil.test')
    expect(await run('trust', 'list', folder)).toEqual([
      { host: 'krakow.test', list: 'allowed' },
      { host: 'evil.test', list: 'denied' },
    ])
    expect(await run('trust', 'undeny', folder, 'evil.test')).toEqual([{ host: 'evil.test', removed: true }])
    expect(await run('trust', 'remove', folder, 'nobody.test')).toEqual([
      { host: 'nobody.test', removed: false },
    ])
    expect(await run('trust', 'list', folder)).toEqual([{ host: 'krakow.test', list: 'allowed' }])
  })

  it('accepts the changed key of a peer, and forgets a peer', async () => {
    const row = { host: 'krakow.test', form: 'cavage', first_seen_at_ms: 1, last_seen_at_ms: 1 }
    await withDatabase(folder, ({ db }) =>
      db('ocm_peer_keys').insert([
        { ...row, fingerprint: 'old', key_id: 'k', state: 'known' },
        { ...row, fingerprint: 'new', key_id: 'k', state: 'held' },
      ]),
    )
    const keys = () => run('peer', 'keys', folder, 'krakow.test')
    expect((await keys()).map(({ fingerprint, state }) => `${fingerprint} ${state}`).sort()).toEqual([
      'new held',
      'old known',
    ])
    expect(await run('peer', 'accept-key', folder, 'krakow.test')).toEqual([
      { host: 'krakow.test', accepted: true },
    ])
    expect(await keys()).toMatchObject([{ fingerprint: 'new', state: 'known' }])
    expect(await cli(['peer', 'accept-key', folder, 'krakow.test'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No key of krakow.test waits for a decision'),
    })
    await run('peer', 'forget', folder, 'krakow.test')
    expect(await run('peer', 'keys', folder)).toEqual([])
  })
})
