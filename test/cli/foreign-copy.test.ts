import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientNode } from '../clients/client-node.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { type ForeignServer, startNginx, startRclone } from './support/foreign.ts'

const MIB = 1024 * 1024
const large = randomBytes(20 * MIB + 3)
const FILES: Record<string, Buffer | string> = {
  'a.txt': 'a',
  empty: '',
  'ü & #1 %41.txt': 'odd',
  'sub/large.bin': large,
  'sub/deep/b.txt': 'bb',
}

let node: ClientNode
const servers: Record<string, ForeignServer> = {}

beforeAll(async () => {
  node = await ClientNode.create()
  servers.nginx = await startNginx()
  servers.rclone = await startRclone()
}, 30_000)

afterAll(async () => {
  await node.close()
  for (const server of Object.values(servers)) await server.close()
})

async function setUp() {
  const folder = await temporaryFolder()
  const run = createCli(folder)
  const env = { url: node.node.origin, user: 'ann', password: 'ann-password' }
  const cli = async (args: string[]) => run(args, { env })
  const ok = async (args: string[]) => {
    const answer = await cli(args)
    expect(answer, `${args.join(' ')}: ${answer.stderr}`).toMatchObject({ code: 0 })
    return answer.stdout
  }
  return { folder, cli, ok }
}

async function makeTree(folder: string): Promise<string> {
  const tree = join(folder, 'tree')
  for (const [name, content] of Object.entries(FILES)) {
    await mkdir(dirname(join(tree, name)), { recursive: true })
    await writeFile(join(tree, name), content)
  }
  return tree
}

async function expectTree(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  )
  expect(names).toHaveLength(Object.keys(FILES).length)
  for (const [name, content] of Object.entries(FILES))
    expect((await readFile(join(folder, name))).equals(Buffer.from(content)), name).toBe(true)
}

describe.each(['nginx', 'rclone'])('between here, our node and %s', (name) => {
  it('a tree goes there, on to the node, and back, byte for byte', async () => {
    const { folder, ok } = await setUp()
    const { url } = servers[name] as ForeignServer
    const tree = await makeTree(folder)
    await ok(['cp', '-r', tree, `${url}/up`])
    await ok(['cp', '-r', '--threads', '3', `${url}/up`, join(folder, 'straight')])
    await expectTree(join(folder, 'straight'))
    await ok(['cp', '-r', `${url}/up`, `drive:/${name}`])
    await ok(['cp', '-r', '--threads', '2', `drive:/${name}`, join(folder, 'back')])
    await expectTree(join(folder, 'back'))
    expect((await ok(['ls', '-r', `${url}/up`])).split('\n')).toHaveLength(Object.keys(FILES).length + 3)
    const sha256 = createHash('sha256').update(large).digest('hex')
    expect(await ok(['sum', `${url}/up/sub/large.bin`])).toContain(sha256)
    await ok(['mkdir', '-p', `${url}/up/x/y/z`])
    await ok(['mv', `${url}/up/a.txt`, `${url}/up/x/y/z/a.txt`])
    expect(await ok(['cat', `${url}/up/x/y/z/a.txt`])).toBe('a')
    await ok(['rm', '-r', `${url}/up/`])
  })

  it('what has another checksum than was stated does not stay there', async () => {
    const { folder, cli } = await setUp()
    const { url } = servers[name] as ForeignServer
    for (const size of [10, 3 * MIB]) {
      await writeFile(join(folder, 'f'), Buffer.alloc(size, 'x'))
      const target = `${url}/wrong-${size}:checksumtype=adler32:checksumvalue=1`
      expect((await cli(['cp', join(folder, 'f'), target])).code).toBe(1)
      expect((await cli(['ls', `${url}/wrong-${size}`])).code).toBe(1)
    }
  })
})

describe('our node', () => {
  it('takes many small files at once and few connections, and refuses each by itself', async () => {
    const { folder, ok, cli } = await setUp()
    await mkdir(join(folder, 'many'))
    const names = Array.from({ length: 250 }, (_, index) => `f ${index} ü.txt`)
    for (const name of names) await writeFile(join(folder, 'many', name), `I am ${name}`)
    const answer = await ok(['cp', '-r', join(folder, 'many'), 'drive:/', '--json'])
    const lines = answer
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toHaveLength(250)
    expect(lines.every(({ verified, checksums }) => verified && checksums.sha256.length === 64)).toBe(true)
    expect(await node.text('many/f 7 ü.txt')).toBe('I am f 7 ü.txt')
    const again = await cli(['cp', '-r', '--no-overwrite', join(folder, 'many'), 'drive:/'])
    expect(again.code).toBe(1)
    expect(again.stderr.trim().split('\n')).toHaveLength(250)
    await ok(['cp', '-r', 'drive:/many', join(folder, 'back')])
    expect((await readdir(join(folder, 'back'))).sort()).toEqual([...names].sort())
  })

  it('takes a large file in pieces and is not sent twice what it has', async () => {
    const { folder, ok } = await setUp()
    const file = join(folder, 'pieces.bin')
    const content = randomBytes(40 * MIB)
    await writeFile(file, content)
    const url = `${node.node.origin};httpputpartial=yes/dav/files/ann/pieces.bin`
    const put = await ok(['cp', file, url, '--json'])
    expect(JSON.parse(put)).toMatchObject({ verified: true, sizeBytes: content.length })
    expect((await node.content('pieces.bin')).equals(content)).toBe(true)
    expect(await ok(['stat', 'drive:/pieces.bin', '--json'])).toContain(
      createHash('sha256').update(content).digest('hex'),
    )
    const { mtimeMs } = await stat(file)
    expect(Date.parse(JSON.parse(await ok(['stat', 'drive:/pieces.bin', '--json'])).modifiedAt)).toBe(
      Math.floor(mtimeMs / 1000) * 1000,
    )
  })

  it('copies by itself in the background, between its drive and itself', async () => {
    const { folder, cli, ok } = await setUp()
    await writeFile(join(folder, 'f'), 'f')
    await ok(['cp', join(folder, 'f'), 'drive:/bg.txt'])
    const job = await ok(['cp', '--background', 'drive:/bg.txt', `${node.url}/bg2.txt`])
    await ok(['transfer', 'wait', job.trim()])
    expect(await node.text('bg2.txt')).toBe('f')
    expect(await cli(['cp', '--background', join(folder, 'f'), 'drive:/x'])).toMatchObject({ code: 2 })
    const { url } = servers.nginx as ForeignServer
    expect(await cli(['cp', '--background', `${url}/a`, `${url}/b`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Neither side'),
    })
  })
})
