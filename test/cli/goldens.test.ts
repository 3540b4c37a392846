import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, initNode } from '../../src/admin.ts'
import { createProgram } from '../../src/cli/program.ts'
import { readCliEnv } from '../../src/config/cli-env.ts'
import { serve } from '../../src/main.ts'
import { createCli } from './support/cli.ts'

const GOLDENS = join(import.meta.dirname, 'goldens')
const golden = (name: string) => join(GOLDENS, `${name}.txt`)

let folder: string
let cli: ReturnType<typeof createCli>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-goldens-'))
  cli = createCli(join(folder, 'profile'))
})
afterAll(() => rm(folder, { recursive: true }))

const nowhere = { write: () => true }
const program = createProgram({
  env: readCliEnv({ HOME: '/' }),
  stdin: Readable.from([]),
  stdout: nowhere,
  stderr: nowhere,
  signal: new AbortController().signal,
  exitCode: 0,
})
const commands = program.commands.filter((one) => one.name() !== 'help')

/** The words of a command and of all below it, in the order of the help. */
function pathsOf(command: Command, before: readonly string[] = []): string[][] {
  const path = [...before, command.name()]
  return [
    path,
    ...command.commands.filter((one) => one.name() !== 'help').flatMap((one) => pathsOf(one, path)),
  ]
}

describe('the help', () => {
  it('of the program lists its commands', async () => {
    await expect((await cli(['--help'])).stdout).toMatchFileSnapshot(golden('help'))
  })

  it.each(
    commands.map((one) => [one.name(), one] as const),
  )('of %s and all below it', async (name, command) => {
    const texts: string[] = []
    for (const path of pathsOf(command)) {
      const answer = await cli([...path, '--help'])
      expect([path, answer.code, answer.stderr]).toEqual([path, 0, ''])
      texts.push(`$ causeway ${path.join(' ')} --help\n${answer.stdout}`)
    }
    await expect(texts.join('\n')).toMatchFileSnapshot(golden(`help-${name}`))
  })

  it('that no command has any more is not kept', async () => {
    const helps = (await readdir(GOLDENS)).filter((name) => name.startsWith('help-'))
    expect(helps.toSorted()).toEqual(commands.map((one) => `help-${one.name()}.txt`).toSorted())
  })
})

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const VARIES: [key: RegExp, shown: string][] = [
  [/^etag$/, '<etag>'],
  [/^kid$/, '<key>'],
  [/(Ms|PerSecond|Seconds)$/, '<n>'],
]

describe('what is answered with --json', () => {
  let node: Awaited<ReturnType<typeof serve>>
  let jobId: string

  beforeAll(async () => {
    const home = join(folder, 'node')
    await initNode(home, { publicUrl: 'http://leiden.test', admin: 'ann', password: 'ann-password' })
    await addUser(home, { name: 'ben', displayName: 'Ben', password: 'ben-password' })
    await appendFile(join(home, 'causeway.yaml'), 'log: { level: silent }\n')
    node = await serve(home, { port: 0 })
    await prepare()
  })
  afterAll(() => node.stop())

  const as = (user: string) => ({ env: { url: node.url, user, password: `${user}-password` } })

  async function run(user: string, args: string[]): Promise<Record<string, unknown>[]> {
    const answer = await cli([...args, '--json'], as(user))
    expect([args, answer.code, answer.stderr]).toEqual([args, 0, ''])
    return answer.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  async function prepare(): Promise<void> {
    const file = join(folder, 'notes.txt')
    await run('ann', ['mkdir', 'drive:/data'])
    for (const text of ['first', 'second']) {
      await writeFile(file, text)
      await run('ann', ['cp', file, 'drive:/data/notes.txt'])
    }
    await run('ann', ['cp', file, 'drive:/gone.txt'])
    await run('ann', ['rm', 'drive:/gone.txt'])
    const share = (args: string[]) => run('ann', ['share', 'create', ...args])
    await share(['drive:/data', 'ben', '--role', 'editor'])
    await share(['drive:/data/notes.txt', 'ben'])
    await run('ann', ['share', 'link', 'drive:/data', '--label', 'for the press'])
    const pending = await run('ben', ['share', 'pending'])
    const accepted = pending.find((one) => one.name === 'data')
    await run('ben', ['share', 'accept', String(accepted?.id)])
    const order = ['transfer', 'submit', 'drive:/data', 'drive:/copy', '--label', 'a copy', '--wait']
    jobId = String((await run('ann', order))[0]?.id)
    const again = ['transfer', 'submit', 'drive:/data', 'drive:/daily', '--cron', '0 2 29 2 *']
    await run('ann', again)
    await run('ann', ['invite', 'create', '--description', 'Jan in Krakow'])
    await run('ann', ['app-password', 'create', 'my laptop'])
    await run('ann', ['endpoint', 'add', 'archive', 'webdav', 'https://archive.example.org/data'])
    await run('ann', ['worker', 'add', 'fast-1'])
    const node = join(folder, 'node')
    await run('ann', ['group', 'add', node, 'sky', '--display-name', 'Sky watchers'])
    await run('ann', ['group', 'join', node, 'sky', 'ben'])
    await run('ann', ['trust', 'add', node, 'drive.example.org'])
  }

  /** The same on every machine and every day. */
  function normalise(text: string): string {
    const value = JSON.parse(text, (key, member: unknown) => {
      const [, shown] = VARIES.find(([pattern]) => pattern.test(key)) ?? []
      if (shown !== undefined && member !== null) return shown
      return typeof member === 'string' ? normaliseText(member) : member
    })
    return `${JSON.stringify(value, null, 2)}\n`
  }

  function normaliseText(text: string): string {
    return (
      text
        .replaceAll(folder, '<folder>')
        .replaceAll(node.url, '<node>')
        .replaceAll(new URL(node.url).host, '<host>')
        .replace(UUID, '<id>')
        .replace(/\d{4}-\d\d-\d\d(T[\d:.]+Z| \d\d:\d\d UTC)/g, '<time>')
        .replace(/\/s\/\w{24}/g, '/s/<token>')
        .replace(/(^|\.d)\d{10}\b/g, '$1<time>')
        // Not the checksums, which are to stay.
        .replace(/[\w-]{43,}/g, (word) => (/^[0-9a-f]+$/.test(word) ? word : '<secret>'))
    )
  }

  it.each<[name: string, who: string, args: string[]]>([
    ['whoami', 'ann', ['whoami']],
    ['ls', 'ann', ['ls', '-l', '-r', 'drive:/']],
    ['stat', 'ann', ['stat', 'drive:/data/notes.txt']],
    ['sum', 'ann', ['sum', 'drive:/data/notes.txt']],
    ['versions-list', 'ann', ['versions', 'list', 'drive:/data/notes.txt']],
    ['trash-list', 'ann', ['trash', 'list']],
    ['share-list', 'ann', ['share', 'list']],
    ['share-pending', 'ben', ['share', 'pending']],
    ['share-received', 'ben', ['share', 'received']],
    ['transfer-list', 'ann', ['transfer', 'list']],
    ['transfer-show', 'ann', ['transfer', 'show', 'JOB']],
    ['transfer-files', 'ann', ['transfer', 'files', 'JOB']],
    ['transfer-schedules-list', 'ann', ['transfer', 'schedules', 'list']],
    ['invite-list', 'ann', ['invite', 'list']],
    ['app-password-list', 'ann', ['app-password', 'list']],
    ['endpoint-list', 'ann', ['endpoint', 'list']],
    ['endpoint-show', 'ann', ['endpoint', 'show', 'archive']],
    ['worker-list', 'ann', ['worker', 'list']],
    ['group-list', 'ann', ['group', 'list', 'NODE']],
    ['group-members', 'ann', ['group', 'members', 'NODE', 'sky']],
    ['trust-list', 'ann', ['trust', 'list', 'NODE']],
    ['keys-list', 'ann', ['keys', 'list', 'NODE']],
  ])('by %s', async (name, who, args) => {
    const real: Record<string, string> = {
      JOB: jobId,
      NODE: join(folder, 'node'),
    }
    const lines = await run(
      who,
      args.map((word) => real[word] ?? word),
    )
    const text = lines.map((line) => normalise(JSON.stringify(line))).join('')
    await expect(text).toMatchFileSnapshot(golden(`json-${name}`))
  })

  it.each([
    ['ann', ['transfer', 'queues']],
    ['ben', ['contacts', 'list']],
    ['ben', ['transfer', 'pushes']],
    ['ben', ['stage', 'list']],
    ['ben', ['invite', 'list']],
  ])('for %s by %j is no line where there is nothing', async (who, args) => {
    expect(await run(who, args)).toEqual([])
  })

  it('by a command that fails is one object on stderr', async () => {
    const answer = await cli(['stat', 'drive:/nothing', '--json'], as('ann'))
    expect([answer.code, answer.stdout]).toEqual([1, ''])
    await expect(normalise(answer.stderr)).toMatchFileSnapshot(golden('json-error'))
  })
})
