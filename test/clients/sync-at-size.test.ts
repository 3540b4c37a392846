import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextcloud, requestsOf, SyncedFolder } from '../support/sync-client.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'

const FILES = 5_000
const FOLDERS = 50

describe.each([
  ['in bulk', 'always', { MKCOL: FOLDERS, POST: FILES / 100 }],
  ['one by one', 'never', { MKCOL: FOLDERS, PUT: FILES }],
] as const)(`nextcloudcmd with ${FILES} small files, sent %s`, (_how, bulkUpload, expected) => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let home: string
  let local: SyncedFolder

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'], { clients: { bulkUpload } })
    leiden = mesh.nodes[0] as TestNode
    await leiden.addUser('ann')
    home = await mkdtemp(join(tmpdir(), 'causeway-sync-size-'))
    const who = { user: 'ann', password: 'ann-password' }
    local = await SyncedFolder.create({ kind: nextcloud, node: leiden, ...who, home })
    // Older than the time for which clients leave alone what just changed.
    const time = Math.floor(Date.now() / 1_000) - 3_600
    for (let folder = 0; folder < FOLDERS; folder++) await mkdir(join(local.path, `d${folder}`))
    for (let i = 0; i < FILES; i++) {
      const file = join(local.path, `d${i % FOLDERS}`, `file ü #${i}.txt`)
      await writeFile(file, `content ${i} `.padEnd(1_024, 'x'))
      await utimes(file, time, time)
    }
  })

  afterAll(async () => {
    await mesh.close()
    await rm(home, { recursive: true, force: true })
  })

  it('sends all of them once', async () => {
    const requests = await requestsOf(leiden, () => local.sync())
    expect(requests).toMatchObject(expected)
    expect(requests.GET).toBeUndefined()
    const user = await leiden.node.accounts.findUserByName('ann')
    const drive = await leiden.node.spaces.spaceOf(user?.id ?? '')
    expect((await drive.stat([])).sizeBytes).toBe(FILES * 1_024)
  }, 180_000)

  it('asks one PROPFIND when nothing changed', async () => {
    const settling = await requestsOf(leiden, () => local.sync()) // what its own uploads changed
    expect(Object.keys(settling)).toEqual(['PROPFIND'])
    expect(await requestsOf(leiden, () => local.sync())).toEqual({ PROPFIND: 1 })
  })
})
