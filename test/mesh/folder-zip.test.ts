import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { shareAndAccept, type TestUser } from '../support/test-user.ts'

const run = promisify(execFile)
const MTIME_SECONDS = 1_600_000_000

/** Name, size and time of every entry, as another program reads them. */
const LIST = `import sys, json, zipfile, io
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, i.file_size, i.compress_type, bool(i.flag_bits & 0x800)] for i in z.infolist()]))`

describe('a folder as an archive', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser
  let folder: string
  const big = Buffer.alloc(3 * 1024 * 1024 + 7, 'big file ')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-zip-'))
    mesh = await TestMesh.create(['leiden', 'krakow'])
    ;[leiden] = mesh.nodes as [TestNode]
    ann = await leiden.addUser('ann')
    for (const path of ['/Über', '/Über/empty', '/Über/sub']) await ann.dav('MKCOL', encodeURI(path))
    await ann.put(encodeURI('/Über/Grüße 日本.txt'), 'hello')
    await ann.put(encodeURI('/Über/nothing'), '')
    await ann.put(encodeURI('/Über/sub/big.bin'), big)
    await ann.put(encodeURI('/Über/sub/a\\b'), 'one')
    await ann.put(encodeURI('/Über/sub/a_b'), 'two')
    await ann.put(encodeURI('/Über/sub/C:d'), 'three')
    await ann.dav('PUT', encodeURI('/Über/sub/old.txt'), {
      body: 'old',
      headers: { 'x-oc-mtime': String(MTIME_SECONDS) },
    })
  })
  afterAll(async () => {
    await mesh.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Keeps an answer and reads it with another program: names and sizes. */
  async function unpack(
    answer: Response,
  ): Promise<{ names: string[]; sizes: Map<string, number>; at: string }> {
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/zip')
    const file = join(await mkdtemp(join(folder, 'one-')), 'it.zip')
    await writeFile(file, Buffer.from(await answer.arrayBuffer()))
    const { stdout } = await run('python3', ['-c', LIST, file])
    const rows = JSON.parse(stdout) as [string, number, number, boolean][]
    expect(rows.filter(([, , method, isUtf8]) => method !== 0 || !isUtf8)).toEqual([])
    const at = join(file, '..')
    if (rows.length > 0) await run('unzip', ['-q', file, '-d', at])
    return { names: rows.map(([name]) => name).sort(), sizes: new Map(rows.map(([n, s]) => [n, s])), at }
  }

  const WHOLE = [
    'Über/',
    'Über/Grüße 日本.txt',
    'Über/empty/',
    'Über/nothing',
    'Über/sub/',
    'Über/sub/C_d',
    'Über/sub/a_b',
    'Über/sub/a_b (2)',
    'Über/sub/big.bin',
    'Über/sub/old.txt',
  ].sort()

  it('holds all that is in it, with names, times and empty folders', async () => {
    const answer = await ann.dav('GET', encodeURI('/Über/?accept=zip'))
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%9Cber.zip")
    const { names, sizes, at } = await unpack(answer)
    expect(names).toEqual(WHOLE)
    expect([sizes.get('Über/nothing'), sizes.get('Über/sub/big.bin')]).toEqual([0, big.length])
    expect(big.equals(await readFile(join(at, 'Über/sub/big.bin')))).toBe(true)
    expect(await readFile(join(at, 'Über/sub/a_b'), 'utf8')).toBe('two')
    expect(await readFile(join(at, 'Über/sub/a_b (2)'), 'utf8')).toBe('one')
    expect((await stat(join(at, 'Über/sub/old.txt'))).mtimeMs).toBe(MTIME_SECONDS * 1000)
  })

  it('is asked for by the header, too, and is not what programs get that take anything', async () => {
    const headers = { accept: 'application/zip' }
    expect((await unpack(await ann.dav('GET', encodeURI('/Über'), { headers }))).names).toEqual(WHOLE)
    const page = await ann.dav('GET', encodeURI('/Über/'), { headers: { accept: '*/*' } })
    expect(page.headers.get('content-type')).toContain('text/html')
    const head = await ann.dav('HEAD', encodeURI('/Über/?accept=zip'))
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/zip'])
  })

  it('holds the members that were chosen, without the name of the folder', async () => {
    const files = encodeURIComponent(JSON.stringify(['sub', 'nothing']))
    const { names } = await unpack(await ann.dav('GET', `${encodeURI('/Über/')}?accept=zip&files=${files}`))
    expect(names).toEqual([
      'nothing',
      'sub/',
      'sub/C_d',
      'sub/a_b',
      'sub/a_b (2)',
      'sub/big.bin',
      'sub/old.txt',
    ])
    const one = await ann.dav('GET', encodeURI('/Über/?accept=zip&files=nothing'))
    expect((await unpack(one)).names).toEqual(['nothing'])
    const ask = async (text: string) =>
      (await ann.dav('GET', `${encodeURI('/Über/')}?accept=zip&files=${encodeURIComponent(text)}`)).status
    expect(await ask('["gone"]')).toBe(404)
    expect(await ask('["..","nothing"]')).toBe(400)
    expect(await ask('["sub/old.txt"]')).toBe(400)
    expect(await ask('[1]')).toBe(400)
  })

  it('is given to whom the folder is, and to no one else', async () => {
    const ben = await leiden.addUser('ben')
    const asked = await fetch(`${leiden.origin}/dav/files/ann/?accept=zip`, {
      headers: { authorization: ben.authorization },
    })
    expect(asked.status).toBe(404)
    expect((await fetch(`${leiden.origin}/dav/files/ann/?accept=zip`)).status).toBe(401)
  })

  it('is made of a share at another node as well', async () => {
    const [, krakow] = mesh.nodes as [TestNode, TestNode]
    const jan = await krakow.addUser('jan')
    await shareAndAccept(ann, jan, '/Über')
    const { names, at } = await unpack(await jan.dav('GET', encodeURI('/Über/?accept=zip')))
    expect(names).toEqual(WHOLE)
    expect(big.equals(await readFile(join(at, 'Über/sub/big.bin')))).toBe(true)
  })

  it('is taken from the page of a link, whole or in part, and not from one that only takes files', async () => {
    const open = async (role: string) => {
      const order = { path: '/Über', role, recipient: { type: 'link' } }
      const { link } = await ann.api<{ link: { url: string } }>('POST', '/shares', order)
      return `${leiden.origin}/s/${link.url.split('/').at(-1)}`
    }
    const page = await open('viewer')
    const html = await (await fetch(`${page}?path=/sub`)).text()
    const [, href = ''] = /href="([^"]+)" download>Download all/.exec(html) ?? []
    const sub = await unpack(await fetch(`${leiden.origin}${href}`))
    expect(sub.names).toContain('sub/old.txt')
    expect((await unpack(await fetch(`${page}/download`))).names).toEqual(WHOLE)
    const files = encodeURIComponent('["nothing","empty"]')
    expect((await unpack(await fetch(`${page}/download?path=/&files=${files}`))).names).toEqual([
      'empty/',
      'nothing',
    ])
    const token = page.split('/').at(-1)
    const dav = await fetch(`${leiden.origin}/public.php/dav/files/${token}/?accept=zip`)
    expect((await unpack(dav)).names).toContain('Über/nothing'.replace('Über', 'download'))
    const drop = await open('uploader')
    expect((await fetch(`${drop}/download`)).status).toBe(403)
    const dropToken = drop.split('/').at(-1)
    const closed = await fetch(`${leiden.origin}/public.php/dav/files/${dropToken}/?accept=zip`)
    expect(closed.status).toBe(405)
  })
})
