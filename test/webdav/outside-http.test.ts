import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { askFor, readMultistatus } from '../support/dav-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

/** As `nextcloudcmd` polls: the root's etag, and nothing below while it stays the same. */
describe('what a batch job does far below the folder that a sync client polls', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let files: string

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    const folder = join((mesh.nodes[0] as TestNode).folder, 'watched')
    const leiden = await mesh.start('watched', { storage: { folder, fsync: 'never', watchSeconds: 1 } })
    ann = await leiden.addUser('ann')
    for (const path of ['/a', '/a/b', '/a/b/c', '/a/b/c/d', '/a/b/c/d/e']) await ann.dav('MKCOL', path)
    await ann.put('/a/b/c/d/e/log', 'one')
    const space = await leiden.node.db('spaces').first('folder')
    files = join(folder, space?.folder as string, 'files')
  })

  afterAll(() => mesh.close())

  const poll = async () => {
    const answer = await ann.dav('PROPFIND', '/', {
      headers: { depth: '0' },
      body: askFor('d:getetag oc:size'),
    })
    return readMultistatus(await answer.text())[0]?.found ?? {}
  }
  const until = (state: () => Promise<void>) => vi.waitFor(state, { timeout: 20_000, interval: 100 })

  it('shows in the etag and the size of that folder', async () => {
    const before = await poll()
    await mkdir(join(files, 'a', 'b', 'c', 'd', 'e', 'run-1'))
    await writeFile(join(files, 'a', 'b', 'c', 'd', 'e', 'run-1', 'result'), '12345')
    await until(async () => expect((await poll()).size).toBe('8'))
    const after = await poll()
    expect(after.getetag).not.toBe(before.getetag)
    await appendFile(join(files, 'a', 'b', 'c', 'd', 'e', 'log'), ' two')
    await until(async () => expect((await poll()).size).toBe('12'))
    expect((await poll()).getetag).not.toBe(after.getetag)
    expect(await (await ann.dav('GET', '/a/b/c/d/e/log')).text()).toBe('one two')
  })
})
