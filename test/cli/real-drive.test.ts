import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDavServer, type DavServer } from '../support/dav-server.ts'
import { createCli, temporaryFolder } from './support/cli.ts'

let server: DavServer
beforeAll(async () => {
  server = await createDavServer({ quotaBytes: 4_000_000 })
})
afterAll(() => server.close())

/** Names that have broken clients before. */
const NAMES = [
  'plain.txt',
  'b #1 %41.txt',
  'ünï & <so> "on".txt',
  "it's (1).txt",
  'a+b=c;d.txt',
  '日本.txt',
  'back\\\\slash',
  'a:b',
]

async function setUp() {
  const folder = await temporaryFolder()
  const run = createCli(folder)
  const env = { url: new URL(server.driveUrl('ann')).origin, user: 'ann', token: 'ann' }
  return { folder, cli: (args: string[]) => run(args, { env }) }
}

it('carries any name up and down our own WebDAV, every checksum compared', async () => {
  const { folder, cli } = await setUp()
  const data = join(folder, 'data')
  await mkdir(join(data, 'empty'), { recursive: true })
  for (const name of NAMES) await writeFile(join(data, name), `I am ${name}`)
  const up = await cli(['cp', '-r', data, 'drive:/', '--json'])
  expect(up).toMatchObject({ code: 0, stderr: '' })
  const down = await cli(['cp', '-r', 'drive:/data', join(folder, 'back'), '--json'])
  expect(down).toMatchObject({ code: 0, stderr: '' })
  for (const { stdout } of [up, down]) {
    const verified = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).verified)
    expect(verified).toEqual(NAMES.map(() => true))
  }
  expect(await readdir(join(folder, 'back'))).toEqual(await readdir(data))
  for (const name of NAMES) expect(await readFile(join(folder, 'back', name), 'utf8')).toBe(`I am ${name}`)
  expect((await cli(['cp', '-r', 'drive:/data', 'drive:/twice'])).code).toBe(0)
  expect((await cli(['ls', 'drive:/twice'])).stdout.trim().split('\n')).toHaveLength(NAMES.length + 1)
  expect((await cli(['rm', '-r', 'drive:/data', 'drive:/twice'])).code).toBe(0)
  expect((await cli(['ls'])).stdout).toBe('')
})

it('says in words what the server refuses', async () => {
  const { folder, cli } = await setUp()
  await writeFile(join(folder, 'a'), 'a')
  await writeFile(join(folder, 'huge'), Buffer.alloc(8_000_000))
  const refusals: [string[], RegExp][] = [
    [['cp', join(folder, 'huge'), 'drive:/'], /507/],
    [['cp', join(folder, 'a'), 'drive:/none/a'], /409/],
    [['mkdir', '/none/b'], /409/],
    [['cat', '/none'], /404/],
  ]
  for (const [args, status] of refusals) {
    const answer = await cli([...args, '--json'])
    expect(answer.code, args.join(' ')).toBe(1)
    const { error } = JSON.parse(answer.stderr)
    expect(String(error.status), error.message).toMatch(status)
    expect(error.message).toMatch(/^\/.+: .{10,}\.$/)
  }
})
