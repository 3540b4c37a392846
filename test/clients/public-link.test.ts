import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

const run = promisify(execFile)

describe('programs at a public link', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let folder: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    ;[leiden] = mesh.nodes as [TestNode]
    ann = await leiden.addUser('ann')
    folder = await mkdtemp(join(tmpdir(), 'causeway-link-'))
    await mkdir(join(folder, 'up/sub'), { recursive: true })
    await writeFile(join(folder, 'up/a.txt'), 'content of a')
    await writeFile(join(folder, 'up/sub/b é.txt'), 'content of b')
    for (const name of ['data', 'inbox']) await ann.dav('MKCOL', `/${name}`)
  })

  afterAll(async () => {
    await mesh.close()
    await rm(folder, { recursive: true })
  })

  async function tokenOf(path: string, role: string, password?: string): Promise<string> {
    const recipient = { type: 'link', ...(password && { password }) }
    const made = await ann.api<{ link: { url: string } }>('POST', '/shares', { path, role, recipient })
    return made.link.url.split('/').at(-1) ?? ''
  }

  it('rclone copies a folder there and back, with a password, as from a Nextcloud', async () => {
    const token = await tokenOf('/data', 'editor', 'a long password')
    const { stdout } = await run('rclone', ['obscure', 'a long password'])
    const remote = `:webdav,vendor=nextcloud,url='${leiden.origin}/public.php/webdav',user=${token},pass=${stdout.trim()}:`
    const env = { ...process.env, RCLONE_CONFIG: join(folder, 'rclone.conf') }
    await run('rclone', ['copy', join(folder, 'up'), remote], { env })
    await run('rclone', ['copy', remote, join(folder, 'down')], { env })
    expect(await readFile(join(folder, 'down/sub/b é.txt'), 'utf8')).toBe('content of b')
    await run('rclone', ['check', join(folder, 'up'), remote], { env })
    const wrong = remote.replace(token, 'A'.repeat(24))
    await expect(run('rclone', ['lsf', '--retries', '1', wrong], { env })).rejects.toThrow(/401|Unauthorized/)
  })

  it('curl brings a file into a folder that shows none, and fills in the form of its page', async () => {
    const token = await tokenOf('/inbox', 'uploader')
    const file = join(folder, 'up/a.txt')
    const dav = `${leiden.origin}/public.php/webdav/`
    const put = await run('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-u',
      `${token}:`,
      '-T',
      file,
      dav,
    ])
    expect(put.stdout).toBe('201')
    const form = ['-F', `files=@${file}`, `${leiden.origin}/s/${token}/upload?path=/`]
    const posted = await run('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', ...form])
    expect(posted.stdout).toBe('303')
    const listed = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-u', `${token}:`, '-X', 'PROPFIND', dav]
    expect((await run('curl', listed)).stdout).toBe('403')
    expect((await ann.names('/inbox')).sort()).toEqual(['a (2).txt', 'a.txt'])
  })
})
