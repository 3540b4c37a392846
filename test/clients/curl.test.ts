import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientNode, encoded, ODD_NAMES, WITH_QUESTION_MARK } from './client-node.ts'

const NAMES = [...ODD_NAMES, WITH_QUESTION_MARK]

describe('curl', () => {
  let drive: ClientNode

  beforeAll(async () => {
    drive = await ClientNode.create()
  })

  afterAll(() => drive.close())

  const curl = (path: string, ...args: string[]) =>
    drive.output('curl', ['-sS', '--fail', '-u', 'ann:ann-password', ...args, `${drive.url}${encoded(path)}`])
  const status = async (path: string, ...args: string[]) =>
    (
      await drive.run('curl', [
        ...['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-u', 'ann:ann-password'],
        ...[...args, `${drive.url}${encoded(path)}`],
      ])
    ).stdout

  it('uploads, lists, reads, moves, copies and deletes, whatever the names', async () => {
    await curl('dir #1', '-X', 'MKCOL')
    for (const name of NAMES) {
      const file = await drive.local('upload', `I am ${name}`)
      await curl(`dir #1/${name}`, '-T', file)
      expect(await curl(`dir #1/${name}`)).toBe(`I am ${name}`)
    }
    expect(await drive.names('dir #1')).toEqual([...NAMES].sort())
    const listing = await curl('dir #1', '-X', 'PROPFIND', '-H', 'Depth: 1')
    expect(listing.match(/<d:response>/g)).toHaveLength(NAMES.length + 1)
    const [first] = NAMES as [string]
    const to = (path: string) => ['-H', `Destination: ${drive.url}${encoded(path)}`]
    await curl(`dir #1/${first}`, '-X', 'COPY', ...to('copy #.txt'))
    await curl('copy #.txt', '-X', 'MOVE', ...to('dir #1/moved ?.txt'))
    expect(await drive.text('dir #1/moved ?.txt')).toBe(`I am ${first}`)
    await curl('dir #1', '-X', 'DELETE')
    expect(await status('dir #1')).toBe('404')
  })

  it('sends a big file after 100 Continue, from a pipe too, and fetches a part of it', async () => {
    const file = await drive.local('big.bin', drive.big)
    await curl('big.bin', '-T', file)
    expect((await drive.content('big.bin')).equals(drive.big)).toBe(true)
    const piped = ['-sS', '--fail', '-u', 'ann:ann-password', '-T', '-', `${drive.url}/piped.bin`]
    await drive.output('sh', ['-c', 'cat big.bin | curl "$@"', 'curl', ...piped])
    expect((await drive.content('piped.bin')).equals(drive.big)).toBe(true)
    await curl('big.bin', '-r', '1000000-1999999', '-o', join(drive.home, 'part'))
    const part = await readFile(join(drive.home, 'part'))
    expect(part.equals(drive.big.subarray(1_000_000, 2_000_000))).toBe(true)
    await curl('big.bin', '-C', '1000000', '-o', join(drive.home, 'rest'))
    expect((await readFile(join(drive.home, 'rest'))).equals(drive.big.subarray(1_000_000))).toBe(true)
  })

  it('is refused a resumed upload, which would spoil the file, and a stale overwrite', async () => {
    await drive.ann.put('/r.txt', 'stays')
    const file = await drive.local('longer', 'stays and more')
    expect(await status('r.txt', '-T', file, '-C', '5')).toBe('501')
    expect(await status('r.txt', '-T', file, '-H', 'If-Match: "stale"')).toBe('412')
    expect(await status('r.txt', '-T', file, '-H', 'If-None-Match: *')).toBe('412')
    expect(await drive.text('r.txt')).toBe('stays')
    expect(await status('missing/r.txt', '-T', file)).toBe('409')
  })
})
