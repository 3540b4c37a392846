import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCli } from '../cli/support/cli.ts'
import { ClientNode } from './client-node.ts'

let node: ClientNode
let env: Record<string, string>

beforeAll(async () => {
  node = await ClientNode.create()
  const { password } = await node.ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'arc' })
  const globus = join(node.home, '.globus')
  const authorities = join(node.home, 'authorities')
  for (const folder of [globus, authorities]) await mkdir(folder)
  const [key, certificate] = [join(globus, 'userkey.pem'), join(globus, 'usercert.pem')]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate]
  await node.output('openssl', [...made, '-subj', '/CN=ann'])
  await node.output('chmod', ['600', key])
  await writeFile(join(authorities, 'ann.pem'), await readFile(certificate))
  await node.output('openssl', ['rehash', authorities])
  env = { BEARER_TOKEN: password, X509_CERT_DIR: authorities }
  await node.local('tree/one.txt', '1')
  await node.local('tree/sub/big.bin', node.big)
  await node.local('tree/sub/deep/two.txt', '22')
}, 30_000)

afterAll(() => node.close())

const arc = (tool: string, ...args: string[]) => node.output(tool, args, { env })

async function ours(...args: string[]): Promise<string> {
  const login = { url: node.node.origin, user: 'ann', password: 'ann-password' }
  const answer = await createCli(node.home)(args, { env: login })
  expect(answer.code, `${args.join(' ')}: ${answer.stderr}`).toBe(0)
  return answer.stdout
}

/** Every file below a folder with its bytes. */
async function contentOf(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found.set(path.slice(folder.length), (await readFile(path)).toString('base64'))
  }
  return new Map([...found].sort())
}

/** At our node only: nginx refuses MKCOL without a slash and ignores If-None-Match, where ARC's tools fail. */
describe('at our node, the tools of ARC and we', () => {
  const root = () => node.davUrl

  it('bring the same tree up and down', async () => {
    const tree = join(node.home, 'tree')
    await arc('arccp', '-r', `${tree}/`, `${root()}/arc/`)
    await ours('cp', '-r', tree, `${root()}/we`)
    await arc('arccp', '-r', `${root()}/we/`, `${join(node.home, 'by.arc')}/`)
    await ours('cp', '-r', `${root()}/arc`, join(node.home, 'by.we'))
    const [sent, byArc, byUs] = [tree, join(node.home, 'by.arc'), join(node.home, 'by.we')]
    expect(await contentOf(byArc)).toEqual(await contentOf(sent))
    expect(await contentOf(byUs)).toEqual(await contentOf(sent))
  })

  it('list the same names, kinds, sizes and checksums', async () => {
    for (const folder of ['we', 'we/sub']) {
      const theirs = (await arc('arcls', '-l', `${root()}/${folder}/`))
        .split('\n')
        .map((line) => /^(\S+)\s+(file|dir)\s+(\S+) .*?(?:adler32:([0-9a-f]{8}).*)?$/.exec(line))
        .filter((match) => match !== null)
        .map(([, name, kind, size, adler32]) => [
          name?.replace(/\/$/, ''),
          kind,
          kind === 'file' ? size : '',
          adler32,
        ])
      const lines = (await ours('ls', '--json', `${root()}/${folder}`)).trim().split('\n')
      const mine = lines
        .map((line) => JSON.parse(line))
        .map(({ name, kind, sizeBytes, checksums }) =>
          kind === 'file'
            ? [name, 'file', String(sizeBytes), checksums.adler32]
            : [name, 'dir', '', undefined],
        )
      expect(theirs.length).toBeGreaterThan(0)
      expect(theirs.sort()).toEqual(mine.sort())
    }
  })

  it('honour the options and metadata of a URL alike', async () => {
    const file = await node.local('opt.txt', 'Wikipedia')
    const host = root().replace(/^dav:\/\/([^/]+)/, 'dav://$1;overwrite=no')
    await ours('cp', file, `${root()}/opt.txt`)
    expect((await node.run('arccp', [file, `${host}/opt.txt`], { env })).code).not.toBe(0)
    const login = { url: node.node.origin, user: 'ann', password: 'ann-password' }
    const cli = createCli(node.home)
    expect((await cli(['cp', file, `${host}/opt.txt`], { env: login })).code).toBe(1)
    for (const [sum, isRight] of [
      ['11e60398', true],
      ['00000001', false],
    ] as const) {
      const source = `${root()}/opt.txt:checksumtype=adler32:checksumvalue=${sum}`
      const target = join(node.home, `opt.${sum}`)
      expect((await cli(['cp', source, target], { env: login })).code === 0).toBe(isRight)
    }
    const many = root().replace(/^dav:\/\/([^/]+)/, 'dav://$1;threads=3;httpgetpartial=yes')
    const [byArc, byUs] = [join(node.home, `big.arc`), join(node.home, `big.we`)]
    await arc('arccp', `${many}/we/sub/big.bin`, byArc)
    await ours('cp', `${many}/we/sub/big.bin`, byUs)
    expect((await readFile(byArc)).equals(node.big)).toBe(true)
    expect((await readFile(byUs)).equals(node.big)).toBe(true)
  })

  it('make, rename and remove alike', async () => {
    await arc('arcmkdir', '-p', `${root()}/m/arc/x`)
    await ours('mkdir', '-p', `${root()}/m/we/x`)
    await ours('cp', join(node.home, 'tree/one.txt'), `${root()}/m/arc/x/1`)
    await ours('cp', join(node.home, 'tree/one.txt'), `${root()}/m/we/x/1`)
    await arc('arcrename', `${root()}/m/arc/x/1`, `${root()}/m/arc/x/2`)
    await ours('rename', `${root()}/m/we/x/1`, `${root()}/m/we/x/2`)
    expect(await ours('ls', `${root()}/m/arc/x`)).toBe('2\n')
    expect(await ours('ls', `${root()}/m/we/x`)).toBe('2\n')
    await arc('arcrm', `${root()}/m/arc/x/2`)
    await ours('rm', `${root()}/m/we/x/2`)
    expect(await ours('ls', '-r', `${root()}/m`)).toMatch(
      /^\S*\/m\/arc\/\n\S*\/m\/we\/\n\S*\/m\/arc\/x\/\n\S*\/m\/we\/x\/\n$/,
    )
  })
})
