import { execFile } from 'node:child_process'
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ClientNode, encoded } from './client-node.ts'

const run = promisify(execFile)

interface Listed {
  etag: string
  /** Of a folder: of everything below it. */
  size: number
  checksums: boolean
}

const PROPFIND = `<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">
  <d:prop><d:getetag/><oc:size/><oc:checksums/></d:prop></d:propfind>`

/** What a node says, by HTTP, of a tree that a cluster job changes on the disk. */
describe('a tree that others change on the disk', () => {
  let drive: ClientNode
  let files: string
  const disk = (path: string) => join(files, path)

  beforeAll(async () => {
    drive = await ClientNode.create()
    await drive.ann.put('/known.txt', 'known')
    const user = await drive.node.node.accounts.findUserByName('ann')
    const { scope } = await (await drive.node.node.spaces.spaceOf(user?.id ?? '')).locate([])
    files = join(drive.node.folder, 'spaces', scope, 'files')
  })

  afterAll(() => drive.close())

  /** A folder and its members, as one request shows them. */
  const list = async (path: string, depth = '1') => {
    const answer = await drive.ann.dav('PROPFIND', encoded(path), { body: PROPFIND, headers: { depth } })
    const listed: Record<string, Listed> = {}
    for (const part of (await answer.text()).split('<d:response>').slice(1)) {
      const value = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(part)?.[1]
      const href = decodeURIComponent(value('d:href') ?? '')
      listed[href.replace(/^\/dav\/files\/ann\//, '').replace(/\/$/, '')] = {
        etag: value('d:getetag') ?? '',
        size: Number(value('oc:size')),
        checksums: value('oc:checksums') !== undefined,
      }
    }
    return listed
  }
  const one = async (path: string) => (await list(path, '0'))[path] as Listed

  /** As a person does who looks around: every folder is listed once. */
  const listAll = async () => {
    for (const path of ['', 'job', 'job/run 1', 'job/run 1/out']) await list(path)
  }

  beforeEach(async () => {
    for (const path of ['job', 'moved']) await rm(disk(path), { recursive: true, force: true })
    await mkdir(disk('job/run 1/out'), { recursive: true })
    await writeFile(disk('job/input'), 'input')
    await listAll()
    await drive.ann.put(encoded('job/run 1/out/log'), 'one\n')
    await drive.ann.put(encoded('job/run 1/result'), 'first result')
    await listAll()
  })

  it('is there at once when it is put below the node, at any depth', async () => {
    await mkdir(disk('existing/a/b/c'), { recursive: true })
    await writeFile(disk('existing/a/b/c/deep #1.txt'), 'deep')
    expect(await drive.text('existing/a/b/c/deep #1.txt')).toBe('deep')
    expect(Object.keys(await list('existing/a/b'))).toEqual(['existing/a/b', 'existing/a/b/c'])
    expect((await one('existing')).size).toBe(4)
  })

  it('shows a line that was added to a file to whoever asks for the file, with no stale checksum', async () => {
    const path = 'job/run 1/out/log'
    const [before, root] = [await one(path), await one('')]
    expect(before.checksums).toBe(true)
    await appendFile(disk(path), 'two\n')
    const answer = await drive.ann.dav('GET', encoded(path))
    expect(await answer.text()).toBe('one\ntwo\n')
    expect(answer.headers.get('etag')).not.toBe(before.etag)
    expect(answer.headers.get('oc-checksum')).toBeNull()
    expect(await one(path)).toMatchObject({ size: 8, checksums: false })
    expect((await list('job/run 1/out'))[path]?.size).toBe(8)
    const now = await one('')
    expect(now).toMatchObject({ size: root.size + 4 })
    expect(now.etag).not.toBe(root.etag)
  })

  it('refuses a change that was meant for what is no longer there', async () => {
    const path = 'job/run 1/out/log'
    const { etag } = await one(path)
    await appendFile(disk(path), 'two\n')
    const headers = { 'if-match': etag.replaceAll('&quot;', '"') }
    expect((await drive.ann.dav('PUT', encoded(path), { body: 'mine', headers })).status).toBe(412)
    expect(await drive.text(path)).toBe('one\ntwo\n')
  })

  it('shows what was replaced by a rename, in the first listing of its folder', async () => {
    const before = await list('job/run 1')
    await writeFile(disk('job/run 1/.result.tmp'), 'second, longer result')
    await rename(disk('job/run 1/.result.tmp'), disk('job/run 1/result'))
    const after = await list('job/run 1')
    expect(after['job/run 1/result']).toMatchObject({ size: 21, checksums: false })
    expect(after['job/run 1/result']?.etag).not.toBe(before['job/run 1/result']?.etag)
    expect(after['job/run 1']?.etag).not.toBe(before['job/run 1']?.etag)
  })

  it('shows new and removed folders, and what was moved under the id it had', async () => {
    const id = (await drive.ann.dav('HEAD', encoded('job/run 1/result'))).headers.get('oc-fileid')
    await run('mkdir', ['-p', disk('job/run 2/a/b')])
    await writeFile(disk('job/run 2/a/b/x'), '12345')
    await run('rm', ['-r', disk('job/run 1/out')])
    // Changed and then moved, with nobody looking in between.
    await run('mv', [disk('job/run 1'), disk('moved')])
    expect(Object.keys(await list('')).sort()).toContain('moved')
    expect(Object.keys(await list('job')).sort()).toEqual(['job', 'job/input', 'job/run 2'])
    expect(Object.keys(await list('job/run 2/a/b'))).toContain('job/run 2/a/b/x')
    expect((await one('job')).size).toBe(10)
    expect(Object.keys(await list('moved')).sort()).toEqual(['moved', 'moved/result'])
    expect((await drive.ann.dav('HEAD', '/moved/result')).headers.get('oc-fileid')).toBe(id)
    expect((await drive.ann.dav('GET', encoded('job/run 1/result'))).status).toBe(404)
  })

  it('learns of what happened deep below a listed folder at once when that place is asked for', async () => {
    const before = await list('job')
    await writeFile(disk('job/run 1/out/new'), '12345')
    expect(Object.keys(await list('job/run 1/out'))).toContain('job/run 1/out/new')
    const after = await list('job')
    expect(after.job?.etag).not.toBe(before.job?.etag)
    expect(after['job/run 1']?.size).toBe((before['job/run 1']?.size ?? 0) + 5)
  })
})
