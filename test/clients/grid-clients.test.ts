import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientNode, encoded } from './client-node.ts'

let drive: ClientNode
/** Grid tools send tokens, which they take from the environment: an app password is one. */
let env: Record<string, string>

beforeAll(async () => {
  drive = await ClientNode.create()
  const { password } = await drive.ann.api<{ password: string }>('POST', '/me/app-passwords', {
    label: 'grid',
  })
  env = { BEARER_TOKEN: password, GFAL_PYTHONBIN: '/usr/bin/python3' }
  await drive.local('big.bin', drive.big)
})

afterAll(() => drive.close())

const at = (path: string) => `${drive.davUrl}${encoded(path)}`
const back = async (name: string) => readFile(join(drive.home, name))

describe('davix', () => {
  const ODD = 'a #1 ü %41 ? & 😀.txt'
  const http = (path: string) => `${drive.url}${encoded(path)}`
  const davix = (tool: string, ...args: string[]) =>
    drive.output(`davix-${tool}`, ['-H', `Authorization: Bearer ${env.BEARER_TOKEN}`, ...args])

  it('makes a folder, puts, lists, gets and removes', async () => {
    const file = await drive.local('hello.txt', 'hello')
    await davix('mkdir', http('davix'))
    await davix('put', file, http(`davix/${ODD}`))
    await davix('put', 'big.bin', http('davix/big.bin'))
    const listed = await davix('ls', '-l', http('davix'))
    expect(listed).toContain(encodeURIComponent(ODD))
    expect(listed).toMatch(/ 32000000 .*big\.bin/)
    expect(await davix('get', http(`davix/${ODD}`))).toBe('hello')
    await davix('get', http('davix/big.bin'), 'davix.back')
    expect((await back('davix.back')).equals(drive.big)).toBe(true)
    await davix('rm', http(`davix/${ODD}`))
    expect(await drive.names('davix')).toEqual(['big.bin'])
  })

  it('renames, whatever its exit code says', async () => {
    // Version 0.8.4 ends with 255 after every answer to MOVE that there is.
    const args = [
      '-H',
      `Authorization: Bearer ${env.BEARER_TOKEN}`,
      http('davix/big.bin'),
      http('davix/b #2.bin'),
    ]
    expect((await drive.run('davix-mv', args)).stderr).toBe('')
    expect(await drive.names('davix')).toEqual(['b #2.bin'])
  })
})

describe('gfal', () => {
  const gfal = (tool: string, ...args: string[]) => drive.output(`gfal-${tool}`, args, { env })

  it('makes folders, copies with a checksum verified at both ends, lists, renames and removes', async () => {
    await gfal('mkdir', '-p', at('gfal/a/b'))
    await gfal('copy', '-K', 'adler32', join(drive.home, 'big.bin'), at('gfal/a/big.bin'))
    expect((await drive.content('gfal/a/big.bin')).equals(drive.big)).toBe(true)
    expect(await gfal('ls', '-l', at('gfal/a'))).toMatch(/ 32000000 .*big\.bin/)
    const sum = await gfal('sum', at('gfal/a/big.bin'), 'adler32')
    expect(sum).toMatch(/ [0-9a-f]{8}\s*$/)
    await gfal('copy', '-K', 'adler32', at('gfal/a/big.bin'), join(drive.home, 'gfal.back'))
    expect((await back('gfal.back')).equals(drive.big)).toBe(true)
    await gfal('rename', at('gfal/a/big.bin'), at('gfal/a/b/big.bin'))
    expect(await drive.names('gfal/a/b')).toEqual(['big.bin'])
    await gfal('rm', '-r', at('gfal/a'))
    expect(await drive.names('gfal')).toEqual([])
  })

  it('does not overwrite unless told to, and copies within the node', async () => {
    await drive.ann.put('/gfal/there.txt', 'there')
    const file = await drive.local('mine', 'mine')
    expect((await drive.run('gfal-copy', [file, at('gfal/there.txt')], { env })).code).not.toBe(0)
    expect(await drive.text('gfal/there.txt')).toBe('there')
    await gfal('copy', '-f', file, at('gfal/there.txt'))
    expect(await drive.text('gfal/there.txt')).toBe('mine')
    await gfal('copy', '-K', 'adler32', at('gfal/there.txt'), at('gfal/copy.txt'))
    expect(await drive.text('gfal/copy.txt')).toBe('mine')
  })
})

describe('the ARC tools', () => {
  /** They want a certificate, even where none is used. */
  beforeAll(async () => {
    const globus = join(drive.home, '.globus')
    const authorities = join(drive.home, 'authorities')
    for (const folder of [globus, authorities]) await mkdir(folder)
    const files = ['-keyout', join(globus, 'userkey.pem'), '-out', join(globus, 'usercert.pem')]
    await drive.output('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      ...files,
      '-subj',
      '/CN=ann',
    ])
    await drive.output('chmod', ['600', join(globus, 'userkey.pem')])
    await writeFile(join(authorities, 'ann.pem'), await readFile(join(globus, 'usercert.pem')))
    await drive.output('openssl', ['rehash', authorities])
    env = { ...env, X509_CERT_DIR: authorities }
  })

  const arc = (tool: string, ...args: string[]) => drive.output(tool, args, { env })

  it('copy a tree there, list it with checksums, and copy it back', async () => {
    await drive.local('tree/one.txt', '1')
    await drive.local('tree/sub/big.bin', drive.big)
    await drive.local('tree/sub/deep/two.txt', '22')
    await arc('arccp', '-r', `${join(drive.home, 'tree')}/`, `${at('arc')}/`)
    expect(await arc('arcls', '-l', `${at('arc/sub')}/`)).toMatch(
      /big\.bin\s+file 32000000 .* adler32:[0-9a-f]{8}/,
    )
    await arc('arccp', '-r', `${at('arc')}/`, `${join(drive.home, 'arc.back')}/`)
    expect((await back('arc.back/sub/big.bin')).equals(drive.big)).toBe(true)
    expect((await back('arc.back/sub/deep/two.txt')).toString()).toBe('22')
  })

  it('refuse to overwrite without -f, rename, make folders and remove', async () => {
    const file = await drive.local('new.txt', 'new')
    expect((await drive.run('arccp', [file, at('arc/one.txt')], { env })).code).not.toBe(0)
    expect(await drive.text('arc/one.txt')).toBe('1')
    await arc('arccp', '-f', file, at('arc/one.txt'))
    expect(await drive.text('arc/one.txt')).toBe('new')
    await arc('arcmkdir', '-p', at('arc/made/here'))
    await arc('arcrename', at('arc/one.txt'), at('arc/made/here/uno.txt'))
    expect(await drive.names('arc/made/here')).toEqual(['uno.txt'])
    await arc('arcrm', at('arc/made/here/uno.txt'))
    expect(await drive.names('arc/made/here')).toEqual([])
  })

  it('send names that need encoding', async () => {
    for (const name of ['ü #1.txt', 'a&b %41.txt']) {
      await drive.local(`odd/${name}`, name)
    }
    await arc('arccp', '-r', `${join(drive.home, 'odd')}/`, `${at('arc/odd')}/`)
    expect(await drive.names('arc/odd')).toEqual(['a&b %41.txt', 'ü #1.txt'])
  })
})
