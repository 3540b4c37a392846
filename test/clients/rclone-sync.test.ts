import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requestsOf } from '../support/sync-client.ts'
import { ClientNode, encoded, ODD_NAMES, WITH_QUESTION_MARK } from './client-node.ts'

const NAMES = [...ODD_NAMES, WITH_QUESTION_MARK]
const hash = (type: string, content: string | Buffer) => createHash(type).update(content).digest('hex')

/**
 * With `owncloud` rclone compares by MD5, which no upload of its own makes known: sizes and times are left.
 * With `nextcloud` it compares by SHA-1, which it declares with each upload.
 */
describe.each([
  ['nextcloud', true],
  ['owncloud', false],
])('rclone keeps two trees alike, with the vendor %s', (vendor, hashes) => {
  let drive: ClientNode
  let source: string
  let env: Record<string, string>

  beforeAll(async () => {
    drive = await ClientNode.create()
    source = join(drive.home, 'source')
    await mkdir(join(source, 'sub #1', 'empty'), { recursive: true })
    for (const name of NAMES) await writeFile(join(source, 'sub #1', name), `I am ${name}`)
    await writeFile(join(source, 'big.bin'), drive.big)
    await writeFile(join(source, 'zero'), '')
    env = {
      RCLONE_CONFIG: join(drive.home, 'none.conf'),
      RCLONE_CONFIG_DRIVE_TYPE: 'webdav',
      RCLONE_CONFIG_DRIVE_VENDOR: vendor,
      RCLONE_CONFIG_DRIVE_URL: `${drive.node.origin}/remote.php/dav/files/ann/`,
      RCLONE_CONFIG_DRIVE_USER: 'ann',
      RCLONE_CONFIG_DRIVE_PASS: (await drive.output('rclone', ['obscure', 'ann-password'])).trim(),
    }
  })

  afterAll(() => drive.close())

  const rclone = (...args: string[]) => drive.output('rclone', args, { env })
  const check = async (...args: string[]) => {
    const result = await drive.run('rclone', ['check', '--combined', '-', ...args, source, 'drive:'], { env })
    return { ...result, lines: result.stdout.split('\n').filter(Boolean).sort() }
  }

  it('sends a tree and finds all of it equal by checksum', async () => {
    await rclone('sync', '--create-empty-src-dirs', source, 'drive:')
    const { code, stderr, lines } = await check()
    expect(code, stderr).toBe(0)
    expect(lines).toEqual(
      ['big.bin', 'zero', ...NAMES.map((name) => `sub #1/${name}`)].map((n) => `= ${n}`).sort(),
    )
    if (hashes) expect(stderr).not.toContain('hashes could not be checked')
    expect((await check('--download')).code).toBe(0)
    expect(await rclone('hashsum', 'sha1', 'drive:big.bin')).toContain(hash('sha1', drive.big))
  })

  it('finds by its content what has the same size but is another', async () => {
    const [first] = NAMES as [string]
    const changed = `I AM ${first}`
    const headers = { 'oc-checksum': `SHA1:${hash('sha1', changed)}` }
    await drive.ann.dav('PUT', encoded(`sub #1/${first}`), { body: changed, headers })
    const { code, lines } = await check(...(hashes ? [] : ['--download']))
    expect(code).not.toBe(0)
    expect(lines).toContain(`* sub #1/${first}`)
    await rclone('sync', hashes ? '--checksum' : '--ignore-times', source, 'drive:')
    expect(await drive.text(`sub #1/${first}`)).toBe(`I am ${first}`)
  })

  it('sends only what changed, moves what moved and deletes what is gone', async () => {
    const [first, second, third] = NAMES as [string, string, string]
    await writeFile(join(source, 'sub #1', first), 'changed content')
    await rename(join(source, 'sub #1', second), join(source, 'elsewhere.txt'))
    await rm(join(source, 'sub #1', third))
    await rename(join(source, 'big.bin'), join(source, 'sub #1', 'bigger & moved.bin'))
    const requests = await requestsOf(drive.node, async () => {
      const strategy = ['--track-renames', '--track-renames-strategy', hashes ? 'hash' : 'modtime']
      await rclone('sync', ...strategy, source, 'drive:')
    })
    expect(requests).toMatchObject({ PUT: 1, MOVE: 2, DELETE: 1 })
    expect((await check()).code).toBe(0)
    expect(await drive.text(`sub #1/${first}`)).toBe('changed content')
    expect(await drive.has(`sub #1/${third}`)).toBe(false)
    expect(await drive.has('big.bin')).toBe(false)
  })

  it('brings a tree back with times and contents, and finds nothing to do a second time', async () => {
    const back = join(drive.home, 'back')
    await rclone('sync', 'drive:', back)
    expect((await readFile(join(back, 'sub #1', 'bigger & moved.bin'))).equals(drive.big)).toBe(true)
    for (const [from, to] of [
      ['drive:', back],
      [source, 'drive:'],
    ] as const) {
      const requests = await requestsOf(drive.node, async () => {
        await rclone('sync', from, to)
      })
      expect(Object.keys(requests)).toEqual(['PROPFIND'])
    }
  })
})

describe('rclone bisync', () => {
  let drive: ClientNode
  let env: Record<string, string>
  const here = (...names: string[]) => join(drive.home, 'both', ...names)

  beforeAll(async () => {
    drive = await ClientNode.create()
    await mkdir(here(), { recursive: true })
    env = {
      RCLONE_CONFIG: join(drive.home, 'none.conf'),
      RCLONE_CONFIG_DRIVE_TYPE: 'webdav',
      RCLONE_CONFIG_DRIVE_VENDOR: 'nextcloud',
      RCLONE_CONFIG_DRIVE_URL: `${drive.node.origin}/remote.php/dav/files/ann/`,
      RCLONE_CONFIG_DRIVE_USER: 'ann',
      RCLONE_CONFIG_DRIVE_PASS: (await drive.output('rclone', ['obscure', 'ann-password'])).trim(),
    }
  })

  afterAll(() => drive.close())

  const bisync = (...args: string[]) =>
    drive.output('rclone', ['bisync', here(), 'drive:', '--workdir', join(drive.home, 'state'), ...args], {
      env,
    })

  /** It looks at times alone, in whole seconds. */
  const LATER_S = Math.floor(Date.now() / 1_000) + 60
  const later = (name: string, body: string) =>
    drive.ann.dav('PUT', encoded(name), { body, headers: { 'x-oc-mtime': `${LATER_S}` } })

  it('carries changes both ways, and keeps both contents of a conflict', async () => {
    for (const name of NAMES) await writeFile(here(name), `here: ${name}`)
    await drive.ann.put(encoded('there #1.txt'), 'there')
    await bisync('--resync')
    expect(await drive.names('')).toEqual([...NAMES, 'there #1.txt'].sort())
    expect(await readFile(here('there #1.txt'), 'utf8')).toBe('there')

    const [first, second, third] = NAMES as [string, string, string]
    await writeFile(here(first), 'changed here')
    await later(second, 'changed there')
    await rm(here('there #1.txt'))
    await writeFile(here(third), 'conflict: here')
    await later(third, 'conflict: there, longer')
    for (const name of [first, third]) await utimes(here(name), LATER_S, LATER_S)
    await bisync()
    expect(await drive.text(first)).toBe('changed here')
    expect(await readFile(here(second), 'utf8')).toBe('changed there')
    expect(await drive.has('there #1.txt')).toBe(false)
    const copies = (await drive.names('')).filter((name) => name.startsWith(third))
    const contents = await Promise.all(copies.map((name) => drive.text(name)))
    expect(contents.sort()).toEqual(['conflict: here', 'conflict: there, longer'])
  })
})
