import { chmod, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { createCli, temporaryFolder } from './support/cli.ts'

const PASSWORD_USER = 'ann'
let mesh: TestMesh
let node: TestNode
let scratch: string
let headers: Record<string, string>

beforeAll(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), 'causeway-scratch-')))
  const started = await TestMesh.create(['leiden'], { transfers: { stagePaths: [{ path: scratch }] } })
  mesh = started
  node = started.nodes[0] as TestNode
  const user = await node.addUser(PASSWORD_USER)
  headers = { Authorization: user.authorization }
  await fetch(`${node.origin}/dav/files/ann/in.txt`, { method: 'PUT', headers, body: 'input' })
})
afterAll(async () => {
  await mesh.close()
  await rm(scratch, { recursive: true, force: true })
})

async function cli() {
  const [, secret = ''] = Buffer.from(headers.Authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(/:(.*)/s)
  const env = { url: node.origin, user: 'ann', password: secret }
  const run = createCli(await temporaryFolder())
  return (args: string[]) => run(args, { env })
}

it('stages in and out as a prolog and an epilog do, each of them twice', async () => {
  const run = await cli()
  const dir = join(scratch, 'job-1')
  const stageIn = [
    'stage',
    'in',
    '--dir',
    dir,
    '--input',
    'drive:/in.txt=a/in.txt',
    '--output',
    'out.txt=drive:/out.txt',
    '--wait',
  ]
  expect(await run(stageIn)).toMatchObject({ code: 0, stderr: '' })
  expect(await run(stageIn)).toMatchObject({ code: 0, stderr: '' })
  expect(await readFile(join(dir, 'a/in.txt'), 'utf8')).toBe('input')
  await writeFile(join(dir, 'out.txt'), 'result')
  for (let n = 0; n < 2; n++)
    expect(await run(['stage', 'out', '--dir', dir, '--wait', '--timeout', '20'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('FINISHED'),
    })
  const answer = await fetch(`${node.origin}/dav/files/ann/out.txt`, { headers })
  expect(await answer.text()).toBe('result')
  expect(await readdir(scratch)).toEqual([])
})

it('reads a spec in YAML, says by its exit code what is missing, and takes files from this machine by a token', async () => {
  const run = await cli()
  const dir = join(scratch, 'job-2')
  const spec = join(await temporaryFolder(), 'job.yaml')
  await writeFile(spec, 'inputs:\n  - { source: { path: /absent }, name: x, optional: true }\n')
  await chmod(spec, 0o600)
  expect((await run(['stage', 'in', '--spec', spec, '--dir', dir, '--wait'])).code).toBe(3)
  expect((await run(['stage', 'purge', '--dir', dir])).code).toBe(0)
  expect((await run(['stage', 'in', '--dir', dir, '--input', 'drive:/absent=x', '--wait'])).code).toBe(1)
  const sent = await run(['stage', 'in', '--dir', dir, '--input', 'client=mine.txt', '--json'])
  const set = JSON.parse(sent.stdout)
  const body = { method: 'PUT', headers: { Authorization: `Bearer ${set.uploadToken}` }, body: 'mine' }
  const target = new URL(set.awaited[0].uploadUrl).pathname
  expect((await fetch(`${node.origin}/dav/files/ann/else.txt`, body)).status).toBe(403)
  expect((await fetch(node.origin + target, body)).status).toBe(201)
  const wait = ['stage', 'in', '--dir', dir, '--input', 'client=mine.txt', '--wait', '--timeout', '20']
  expect((await run(wait)).code).toBe(0)
  expect(await readFile(join(dir, 'mine.txt'), 'utf8')).toBe('mine')
  expect((await run(['stage', 'cancel', set.id])).stdout).toContain('CANCELED')
  expect((await run(['stage', 'list'])).stdout).toContain('CANCELED')
  expect((await run(['stage', 'show', set.id])).code).toBe(0)
})

it('refuses what makes no sense, with a remedy', async () => {
  const run = await cli()
  expect(await run(['stage', 'in'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--dir') })
  expect(await run(['stage', 'in', '--dir', '/x', '--input', 'y'])).toMatchObject({ code: 2 })
  expect(await run(['stage', 'in', '--dir', '/nowhere/x'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('stagePaths'),
  })
  expect(await run(['stage', 'out', '--dir', join(scratch, 'never')])).toMatchObject({ code: 1 })
})
