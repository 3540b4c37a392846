import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientNode, ODD_NAMES, WITH_QUESTION_MARK } from './client-node.ts'

/** cadaver has no way to write these two in a name. */
const NAMES = [...ODD_NAMES, WITH_QUESTION_MARK].filter((name) => !/["\\]/.test(name))

describe('cadaver', () => {
  let drive: ClientNode

  beforeAll(async () => {
    drive = await ClientNode.create()
    const login = await drive.local('.netrc', 'machine 127.0.0.1\nlogin ann\npassword ann-password\n')
    await chmod(login, 0o600)
  })

  afterAll(() => drive.close())

  /** What it prints; a command that fails says so there, and nowhere else. */
  const session = async (...commands: string[]) => {
    const input = `${commands.join('\n')}\nquit\n`
    const printed = await drive.output('cadaver', [`${drive.url}/`], { input })
    expect(printed).not.toMatch(/failed|Could not|not allowed/)
    return printed
  }

  it('makes a folder, uploads, lists, reads, copies, moves and deletes, whatever the names', async () => {
    const puts: string[] = []
    for (const [index, name] of NAMES.entries()) {
      await drive.local(`local ${index}.txt`, `I am ${name}`)
      puts.push(`put "local ${index}.txt" "${name}"`)
    }
    const printed = await session('mkcol "dir #1"', 'cd "dir #1"', ...puts, 'ls')
    for (const name of NAMES) {
      expect(printed).toContain(` ${name} `)
      expect(await drive.text(`dir #1/${name}`)).toBe(`I am ${name}`)
    }
    const [first, second] = NAMES as [string, string]
    await session(
      'cd "dir #1"',
      `get "${first}" "got.txt"`,
      `copy "${first}" "copy of it.txt"`,
      'move "copy of it.txt" "moved ü.txt"',
      `delete "${second}"`,
    )
    expect(await readFile(join(drive.home, 'got.txt'), 'utf8')).toBe(`I am ${first}`)
    expect(await drive.text('dir #1/moved ü.txt')).toBe(`I am ${first}`)
    expect(await drive.has('dir #1/copy of it.txt')).toBe(false)
    expect(await drive.has(`dir #1/${second}`)).toBe(false)
    await session('rmcol "dir #1"')
    expect(await drive.has('dir #1')).toBe(false)
  })

  it('sends a big file and fetches it', async () => {
    await drive.local('big.bin', drive.big)
    await session('put big.bin', 'get big.bin back.bin')
    expect((await readFile(join(drive.home, 'back.bin'))).equals(drive.big)).toBe(true)
    expect((await drive.content('big.bin')).equals(drive.big)).toBe(true)
  })

  it('keeps a property', async () => {
    await drive.ann.put('/p.txt', 'x')
    await session('propset p.txt colour "dark red"')
    expect(await session('propget p.txt colour')).toContain('Value of colour is: dark red')
    expect(await session('propdel p.txt colour', 'propget p.txt')).not.toContain('dark red')
  })

  it('locks: others are kept out, its own changes go through, until it unlocks', async () => {
    await drive.ann.put('/locked.txt', 'before')
    await drive.local('mine.txt', 'mine')
    const printed = await session(
      'lock locked.txt',
      'showlocks',
      'discover locked.txt',
      'put mine.txt locked.txt',
    )
    expect(printed.match(/Scope: exclusive {2}Type: write/g)).toHaveLength(2)
    expect(await drive.text('locked.txt')).toBe('mine')
    // It left without unlocking: the lock stays, for another session too.
    expect((await drive.ann.dav('PUT', '/locked.txt', { body: 'no' })).status).toBe(423)
    const token = /Lock token <([^>]+)>/.exec(await session('discover locked.txt'))?.[1]
    await session(`steal locked.txt`, 'unlock locked.txt')
    expect((await drive.ann.dav('PUT', '/locked.txt', { body: 'yes' })).status).toBe(204)
    expect(token).toMatch(/^urn:uuid:/)
  })
})
