import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { requireProgram } from '../support/programs.ts'
import { until } from '../support/test-user.ts'
import { ClientNode, encoded, ODD_NAMES, WITH_QUESTION_MARK } from './client-node.ts'

/** What forbids mounting here; undefined when nothing does. A missing program is no reason: it is an error. */
async function obstacle(): Promise<string | undefined> {
  const capabilities = /CapEff:\s*([0-9a-f]+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const isAdmin = (BigInt(`0x${capabilities}`) >> 21n) % 2n === 1n // CAP_SYS_ADMIN
  if (!isAdmin) return 'this process may not mount anything (no CAP_SYS_ADMIN)'
  try {
    await (await open('/dev/fuse', 'r+')).close()
    return undefined
  } catch (error) {
    return `the kernel offers no FUSE here: ${(error as Error).message}`
  }
}

interface Mounted {
  root: string
  /** Some kernels refuse what davfs2 answers to readdir; then only known names can be used. */
  lists: boolean
  /** Returns when everything has reached the node. */
  unmount(): Promise<void>
}

const NAMES = [...ODD_NAMES, WITH_QUESTION_MARK]
const forbidden = await obstacle()

const untilMounted = (root: string) =>
  until(
    () => readFile('/proc/mounts', 'utf8'),
    (mounts) => mounts.includes(` ${root} `),
  )

async function mountRclone(drive: ClientNode): Promise<Mounted> {
  const root = join(drive.home, 'rclone')
  await mkdir(root)
  const password = (await drive.output('rclone', ['obscure', 'ann-password'])).trim()
  const caching = ['--vfs-cache-mode', 'writes', '--vfs-write-back', '0s', '--dir-cache-time', '1ms']
  const args = ['mount', 'drive:', root, ...caching, '--cache-dir', join(drive.home, 'cache')]
  const child: ChildProcess = spawn(requireProgram('rclone'), args, {
    stdio: 'ignore',
    env: {
      ...process.env,
      RCLONE_CONFIG: join(drive.home, 'none.conf'),
      RCLONE_CONFIG_DRIVE_TYPE: 'webdav',
      RCLONE_CONFIG_DRIVE_VENDOR: 'nextcloud',
      RCLONE_CONFIG_DRIVE_URL: `${drive.node.origin}/remote.php/dav/files/ann/`,
      RCLONE_CONFIG_DRIVE_USER: 'ann',
      RCLONE_CONFIG_DRIVE_PASS: password,
    },
  })
  await untilMounted(root)
  const unmount = async () => {
    const gone = once(child, 'exit')
    await drive.output('fusermount3', ['-u', root])
    await gone
  }
  return { root, lists: true, unmount }
}

async function mountDavfs(drive: ClientNode): Promise<Mounted> {
  const root = join(drive.home, 'davfs')
  const cache = join(drive.home, 'davfs-cache')
  for (const folder of [root, cache]) await mkdir(folder)
  // It gives up its rights to those of a user of its own, who has to reach its cache.
  await chmod(drive.home, 0o711)
  await chmod(cache, 0o777)
  const secrets = await drive.local('davfs-secrets', `${drive.url}/ ann ann-password\n`)
  await chmod(secrets, 0o600)
  const settings = ['ask_auth 0', 'use_locks 1', 'delay_upload 0', 'gui_optimize 0']
  const lines = [...settings, `secrets ${secrets}`, `cache_dir ${cache}`, 'dir_refresh 0', 'file_refresh 0']
  const config = await drive.local('davfs.conf', `${lines.join('\n')}\n`)
  await drive.output('mount.davfs', ['-o', `conf=${config}`, `${drive.url}/`, root])
  const lists = await readdir(root).then(
    () => true,
    () => false,
  )
  return { root, lists, unmount: () => drive.output('umount.davfs', [root]).then(() => undefined) }
}

describe.each([
  ['rclone mount', mountRclone],
  ['davfs2', mountDavfs],
])('a drive mounted with %s', (_name, mount) => {
  let drive: ClientNode
  let mounted: Mounted | undefined
  const at = (...names: string[]) => join(mounted?.root ?? '', ...names)

  beforeAll(async () => {
    if (forbidden !== undefined) return
    drive = await ClientNode.create()
    mounted = await mount(drive)
  })

  afterAll(async () => {
    await mounted?.unmount()
    await drive?.close()
  })

  const mounts = (name: string, work: (mounted: Mounted) => Promise<void>) =>
    it(name, async (context: TestContext) => {
      if (forbidden !== undefined || mounted === undefined) return context.skip(forbidden)
      await work(mounted)
    })

  mounts('takes files with odd names, shows and reads them', async ({ lists }) => {
    await mkdir(at('dir #1'))
    for (const name of NAMES) await writeFile(at('dir #1', name), `I am ${name}`)
    for (const name of NAMES) {
      expect(await readFile(at('dir #1', name), 'utf8')).toBe(`I am ${name}`)
      await until(
        () => drive.text(`dir #1/${name}`).catch(() => ''),
        (text) => text === `I am ${name}`,
      )
    }
    if (lists) expect((await readdir(at('dir #1'))).sort()).toEqual([...NAMES].sort())
    expect(await drive.names('dir #1')).toEqual([...NAMES].sort())
  })

  mounts('shows what somebody else put there', async () => {
    await drive.ann.put(encoded('dir #1/from elsewhere é.txt'), 'hello')
    // What was listed a moment ago is believed for a second or so, by the client or by the kernel.
    await until(
      () => readFile(at('dir #1', 'from elsewhere é.txt'), 'utf8').catch(() => ''),
      (text) => text === 'hello',
    )
    expect((await stat(at('dir #1', 'from elsewhere é.txt'))).size).toBe(5)
  })

  mounts('changes, renames, moves and deletes', async () => {
    await writeFile(at('note.txt'), 'one')
    await writeFile(at('note.txt'), 'two, longer')
    await until(
      () => drive.text('note.txt').catch(() => ''),
      (text) => text === 'two, longer',
    )
    await rename(at('note.txt'), at('dir #1', 'moved & renamed.txt'))
    await rename(at('dir #1'), at('dir ü 2'))
    await rm(at('dir ü 2', WITH_QUESTION_MARK))
    expect(await drive.text('dir ü 2/moved & renamed.txt')).toBe('two, longer')
    expect(await drive.has('dir #1')).toBe(false)
    expect(await drive.has(`dir ü 2/${WITH_QUESTION_MARK}`)).toBe(false)
  })

  mounts('saves by a new file that takes the old one’s place, as editors do', async () => {
    await writeFile(at('book.txt'), 'first edition')
    await writeFile(at('.book.txt.swp'), 'second edition')
    await rename(at('.book.txt.swp'), at('book.txt'))
    await until(
      () => drive.text('book.txt').catch(() => ''),
      (text) => text === 'second edition',
    )
    expect(await drive.has('.book.txt.swp')).toBe(false)
  })

  mounts('takes a big file and gives it back', async () => {
    await copyFile(await drive.local('big.bin', drive.big), at('big.bin'))
    const present = () => drive.content('big.bin').catch(() => Buffer.alloc(0))
    await until(present, (content) => content.equals(drive.big))
    await copyFile(at('big.bin'), join(drive.home, 'back.bin'))
    expect((await readFile(join(drive.home, 'back.bin'))).equals(drive.big)).toBe(true)
  })
})
