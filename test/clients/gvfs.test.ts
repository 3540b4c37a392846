import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClientNode, encoded, ODD_NAMES, WITH_QUESTION_MARK } from './client-node.ts'

const NAMES = [...ODD_NAMES, WITH_QUESTION_MARK]

/** Starts the daemon, mounts, and runs what comes on the standard input with the address in `$DRIVE`. */
const SCRIPT = `
/usr/libexec/gvfsd --no-fuse >/dev/null 2>&1 &
daemon=$!
tries=0
until printf 'ann\\nann-password\\n' | gio mount "$DRIVE/" >/dev/null 2>mount.log; do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { cat mount.log >&2; exit 9; }
  sleep 0.1
done
(set -e; . ./steps.sh)
code=$?
gio mount -u "$DRIVE/"
kill $daemon
exit $code
`

describe('the desktop’s gvfs', () => {
  let drive: ClientNode
  let address: string

  beforeAll(async () => {
    drive = await ClientNode.create()
    address = drive.davUrl.replace('dav://', 'dav://ann@')
    await drive.local('mounted.sh', SCRIPT)
  })

  afterAll(() => drive.close())

  /** One session of the desktop: what the steps print. */
  const session = async (steps: string[]) => {
    await drive.local('steps.sh', steps.join('\n'))
    const env = { DRIVE: address, XDG_RUNTIME_DIR: drive.home }
    return drive.output('dbus-run-session', ['--', 'sh', join(drive.home, 'mounted.sh')], { env })
  }

  const at = (path: string) => `"$DRIVE${encoded(path)}"`

  it('makes a folder, copies, lists, reads, renames, moves and deletes, whatever the names', async () => {
    const copies: string[] = []
    for (const [index, name] of NAMES.entries()) {
      await drive.local(`local-${index}`, `I am ${name}`)
      copies.push(`gio copy local-${index} ${at(`dir #1/${name}`)}`)
    }
    const [first, second, third] = NAMES as [string, string, string]
    const printed = await session([
      `gio mkdir ${at('dir #1')}`,
      ...copies,
      `gio list ${at('dir #1')}`,
      `gio cat ${at(`dir #1/${first}`)}`,
      `gio rename ${at(`dir #1/${first}`)} 'new #? name.txt' >/dev/null`,
      `gio move ${at(`dir #1/${second}`)} ${at('moved 😀.txt')}`,
      `gio remove ${at(`dir #1/${third}`)}`,
    ])
    for (const name of NAMES) expect(printed.split('\n')).toContain(name)
    expect(printed).toContain(`I am ${first}`)
    expect(await drive.text('dir #1/new #? name.txt')).toBe(`I am ${first}`)
    expect(await drive.text('moved 😀.txt')).toBe(`I am ${second}`)
    const rest = [...NAMES.slice(3), 'new #? name.txt'].sort()
    expect(await drive.names('dir #1')).toEqual(rest)
    for (const name of NAMES.slice(3)) expect(await drive.text(`dir #1/${name}`)).toBe(`I am ${name}`)
  })

  it('saves a file again and again, and tells its size', async () => {
    const printed = await session([
      `echo one | gio save ${at('saved.txt')}`,
      `echo two, longer | gio save ${at('saved.txt')}`,
      `gio cat ${at('saved.txt')}`,
      `gio info -a standard::size,time::modified ${at('saved.txt')}`,
    ])
    expect(printed).toContain('two, longer')
    expect(printed).toMatch(/standard::size: 12$/m)
    expect(printed).toMatch(/time::modified: \d{10}$/m)
    expect(await drive.text('saved.txt')).toBe('two, longer\n')
  })

  it('does not save over what somebody else saved meanwhile', async () => {
    const etag = async () => (await drive.ann.dav('HEAD', '/ours.txt')).headers.get('etag') ?? ''
    await drive.ann.put('/ours.txt', 'first')
    const stale = await etag()
    await drive.ann.put('/ours.txt', 'second')
    const fresh = await etag()
    await session([
      `if echo mine | gio save -e '${stale}' ${at('ours.txt')}; then exit 1; fi`,
      `gio cat ${at('ours.txt')} | grep second >/dev/null`,
      `echo mine | gio save -e '${fresh}' ${at('ours.txt')}`,
    ])
    expect(await drive.text('ours.txt')).toBe('mine\n')
  })

  it('copies a big file there and back', async () => {
    await drive.local('big.bin', drive.big)
    await session([`gio copy big.bin ${at('big #.bin')}`, `gio copy ${at('big #.bin')} back.bin`])
    expect((await drive.content('big #.bin')).equals(drive.big)).toBe(true)
    expect((await readFile(join(drive.home, 'back.bin'))).equals(drive.big)).toBe(true)
  })
})
