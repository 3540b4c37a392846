import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, type FileStat, type WebDAVClient } from 'webdav'
import { createDavServer, type DavServer } from '../support/dav-server.ts'
import { requireProgram, runProgram } from '../support/programs.ts'

let server: DavServer
let folder: string
beforeAll(async () => {
  server = await createDavServer({ quotaBytes: 100_000_000 })
  folder = await mkdtemp(join(tmpdir(), 'causeway-clients-'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** Names that have broken servers before. */
const NAMES = ['plain.txt', 'b #1 %41.txt', 'ünï & <so> "on".txt', "it's (1).txt", 'a+b=c;d.txt', '日本.txt']

describe('the webdav client', () => {
  let client: WebDAVClient
  beforeAll(() => {
    client = createClient(server.driveUrl('ann'), { username: 'ann', password: 'ann' })
  })

  it('makes, lists, reads, copies, moves and deletes, whatever the names', async () => {
    await client.createDirectory('/of client/deep', { recursive: true })
    for (const name of NAMES) {
      expect(await client.putFileContents(`/of client/${name}`, `I am ${name}`)).toBe(true)
    }
    const listed = (await client.getDirectoryContents('/of client')) as FileStat[]
    expect(listed.map((item) => item.basename).sort()).toEqual(['deep', ...NAMES].sort())
    for (const name of NAMES) {
      expect(await client.getFileContents(`/of client/${name}`, { format: 'text' })).toBe(`I am ${name}`)
    }
    await client.copyFile(`/of client/${NAMES[1]}`, `/of client/deep/${NAMES[2]}`)
    await client.moveFile(`/of client/deep/${NAMES[2]}`, `/of client/deep/${NAMES[5]}`)
    expect(await client.exists(`/of client/deep/${NAMES[5]}`)).toBe(true)
    await client.deleteFile('/of client')
    expect(await client.exists('/of client')).toBe(false)
  })

  it('locks and unlocks', async () => {
    await client.putFileContents('/locked.txt', '1')
    const lock = await client.lock('/locked.txt')
    await expect(client.putFileContents('/locked.txt', '2')).rejects.toThrow('423')
    await client.unlock('/locked.txt', lock.token)
    expect(await client.putFileContents('/locked.txt', '2')).toBe(true)
  })

  it('reads a quota and the kind of server', async () => {
    expect(await client.getQuota()).not.toBeNull()
    expect((await client.getDAVCompliance('/')).compliance).toEqual(['1', '2', '3'])
  })
})

// With `owncloud` rclone compares by MD5, which no upload of its own makes known; `nextcloud` uses SHA-1.
describe.each(['owncloud', 'nextcloud'])('rclone, with the vendor %s', (vendor) => {
  async function rclone(...args: string[]) {
    const program = requireProgram('rclone')
    const obscured = await runProgram(program, ['obscure', 'ann'])
    return runProgram(program, args, {
      env: {
        RCLONE_CONFIG: join(folder, 'none.conf'),
        RCLONE_CONFIG_DRIVE_TYPE: 'webdav',
        RCLONE_CONFIG_DRIVE_VENDOR: vendor,
        RCLONE_CONFIG_DRIVE_URL: server.driveUrl('ann'),
        RCLONE_CONFIG_DRIVE_USER: 'ann',
        RCLONE_CONFIG_DRIVE_PASS: obscured.stdout.trim(),
      },
    })
  }

  it('copies a tree there, finds it equal by checksum, and copies it back', async () => {
    const source = join(folder, vendor)
    await mkdir(join(source, 'sub', 'empty'), { recursive: true })
    for (const name of NAMES) await writeFile(join(source, 'sub', name), `I am ${name}`)
    await writeFile(join(source, 'zero'), '')
    const big = randomBytes(5 * 1024 * 1024)
    await writeFile(join(source, 'big.bin'), big)
    const up = await rclone('copy', '--create-empty-src-dirs', source, `drive:${vendor}`)
    expect(up.code, up.stderr).toBe(0)
    const check = await rclone('check', '--combined', '-', source, `drive:${vendor}`)
    expect(check.code, check.stderr).toBe(0)
    expect(check.stdout.split('\n').filter((line) => line.startsWith('= '))).toHaveLength(NAMES.length + 2)
    expect(check.stderr).toContain('0 differences found')
    if (vendor === 'nextcloud') expect(check.stderr).not.toContain('hashes could not be checked')
    const sums = await rclone('hashsum', 'sha1', `drive:${vendor}/big.bin`)
    expect(sums.stdout).toContain(createHash('sha1').update(big).digest('hex'))
    const down = await rclone('copy', `drive:${vendor}`, join(folder, 'back', vendor))
    expect(down.code, down.stderr).toBe(0)
    expect((await readFile(join(folder, 'back', vendor, 'big.bin'))).equals(big)).toBe(true)
  })

  it('keeps the time of a file and syncs nothing twice', async () => {
    const again = await rclone('copy', '--dry-run', join(folder, vendor), `drive:${vendor}`)
    expect(again.stderr).not.toContain('Skipped copy')
  })

  it('follows the links of a folder’s page', async () => {
    const url = new URL(server.driveUrl('ann'))
    url.username = url.password = 'ann'
    const program = requireProgram('rclone')
    const listed = await runProgram(program, ['lsf', '--http-url', `${url.href}${vendor}/sub/`, ':http:'])
    expect(listed.stdout.split('\n').filter(Boolean).sort()).toEqual([...NAMES, 'empty/'].sort())
  })
})
