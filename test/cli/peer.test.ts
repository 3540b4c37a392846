import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initNode } from '../../src/admin.ts'
import { withDatabase } from '../../src/admin-database.ts'
import { createPeerKeysRepo } from '../../src/ocm/signatures/peer-keys-repo.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { createCli } from './support/cli.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let krakow: TestNode
let folder: string
let cli: ReturnType<typeof createCli>
let env: { url: string; user: string; password: string }

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  const [leiden] = mesh.nodes as [TestNode, TestNode]
  krakow = mesh.nodes[1] as TestNode
  const password = 'root-password'
  await leiden.node.accounts.addUser({ name: 'root', password, displayName: 'Root', isAdmin: true })
  env = { url: leiden.origin, user: 'root', password }
  folder = await mkdtemp(join(tmpdir(), 'causeway-peer-'))
  await initNode(folder, { publicUrl: 'https://delft.test', password: 'ann-password' })
  cli = createCli(join(folder, 'profile'))
})

afterAll(async () => {
  await mesh.close()
  await rm(folder, { recursive: true })
})

describe('causeway peer', () => {
  it('asks another server and says in words what is spoken with it', async () => {
    const answer = await cli(['peer', krakow.host], { env })
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(answer.stdout).toMatch(/ok +trust +krakow\.test:\d+ is trusted/)
    expect(answer.stdout).toMatch(/ok +discovery +Causeway speaks OCM 1\.4\.0, found at http/)
    const json = JSON.parse((await cli(['peer', krakow.host, '--json'], { env })).stdout)
    expect(json).toMatchObject({ host: krakow.host, checked: true, trust: 'trusted' })
  })

  it('shows what is known without asking', async () => {
    const { code, stdout } = await cli(['peer', 'never.test', '--no-check', '--json'], { env })
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { checked: false, state: 'unknown' }])
    expect((await cli(['peer'], { env })).stderr).toContain('not exchanged messages with any server')
  })

  it('ends with 1 when the server cannot be talked to, and says what to do', async () => {
    const answer = await cli(['peer', 'nowhere.invalid'], { env })
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(/fail +name +There is no host named nowhere\.invalid/)
    expect(answer.stdout).toContain('→ Check the spelling')
  })

  it('works on the folder of a node, too, and keeps its sub-commands', async () => {
    const answer = await cli(['peer', 'nowhere.invalid', folder])
    expect(answer).toMatchObject({ code: 1, stdout: expect.stringContaining('no host named') })
    expect(await cli(['peer', 'keys', folder])).toMatchObject({ code: 0 })
  })

  it('takes a changed key only when it is the one that was compared', async () => {
    await withDatabase(folder, async ({ db }) => {
      const repo = createPeerKeysRepo(db)
      const row = (fingerprint: string, state: 'known' | 'held') => ({
        ...{
          host: 'leiden.test',
          fingerprint,
          key_id: `leiden.test#${fingerprint}`,
          form: 'draft-07',
          state,
        },
        ...{ first_seen_at_ms: 1, last_seen_at_ms: 1 },
      })
      await repo.learn(row('f1', 'known'), [])
      await repo.hold(row('f2', 'held'))
    })
    expect((await cli(['peer', 'keys', folder])).stdout).toMatch(/leiden\.test +held +.*f2/)
    const accept = (fingerprint: string) =>
      cli(['peer', 'accept-key', folder, 'leiden.test', '--fingerprint', fingerprint])
    expect(await accept('f3')).toMatchObject({ code: 1, stderr: expect.stringContaining('Another key') })
    expect(await accept('f2')).toMatchObject({ code: 0 })
  })

  it('prints the entry for ocmproviders.json', async () => {
    const { stdout } = await cli(['peer', '--provider-entry', folder])
    expect(JSON.parse(stdout)).toMatchObject([
      { domain: 'delft.test', services: [{ host: 'delft.test:443' }, {}] },
    ])
    const remote = await cli(['peer', '--provider-entry'], { env })
    expect(JSON.parse(remote.stdout)).toMatchObject([{ domain: expect.stringMatching(/^leiden/) }])
    expect((await cli(['peer', '--provider-entry', folder, 'more'])).code).toBe(2)
  })
})
