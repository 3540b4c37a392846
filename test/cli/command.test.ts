import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDoctorArguments, printFindings } from '../../src/cli/commands/doctor.ts'
import { parseMoment } from '../../src/cli/moment.ts'
import { Output } from '../../src/cli/output.ts'
import { createProgram } from '../../src/cli/program.ts'
import { type Answer, createCli, temporaryFolder } from './support/cli.ts'
import { readBody, sendJson, startServer } from './support/http-server.ts'

const script = resolve(import.meta.dirname, '../../bin/causeway')
const node = resolve(import.meta.dirname, '../../node_modules/.bin/node')

function spawnCommand(program: string, args: string[], env: Record<string, string> = {}): Promise<Answer> {
  return new Promise((done) => {
    const options = { env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env } }
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code)
      done({ code, stdout, stderr })
    })
  })
}

describe('bin/causeway', () => {
  it('runs as a program, through links from elsewhere, and as a script of any Node', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'b in'))
    await symlink(script, join(folder, 'first'))
    await symlink('../first', join(folder, 'b in/causeway'))
    for (const [program, args] of [
      [script, []],
      [join(folder, 'b in/causeway'), []],
      [node, [script]],
    ] as [string, string[]][]) {
      const answer = await spawnCommand(program, [...args, '--version'])
      expect(answer, program).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
        stderr: '',
      })
    }
  })

  it('passes on arguments and exit codes as they are', async () => {
    const answer = await spawnCommand(script, [
      'share',
      'create',
      '/a b',
      "it's",
      '--role',
      'owner',
      '--json',
    ])
    expect(answer.code).toBe(2)
    expect(JSON.parse(answer.stderr)).toEqual({
      error: { code: 'USAGE', message: expect.stringContaining('Allowed choices are viewer, editor') },
    })
    expect((await spawnCommand(node, [script, 'ls'])).code).toBe(1)
  })

  it('says what to do when the packages are missing', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'bin'))
    await spawnCommand('/bin/cp', [script, join(folder, 'bin/causeway')])
    const answer = await spawnCommand(join(folder, 'bin/causeway'), ['--version'])
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('run "npm ci"') })
  })
})

/** Every command with its path, `share create`, and its options. */
function listCommands(): { path: string[]; flags: string[] }[] {
  type Program = ReturnType<typeof createProgram>
  const { stdin, stdout, stderr } = process
  const env = { insecure: false, profileFile: '/nonexistent', noColor: true }
  const below = (command: Program, path: string[]): { path: string[]; flags: string[] }[] =>
    command.commands.flatMap((child) => {
      const flags = child.options.map((option) => option.flags)
      return [{ path: [...path, child.name()], flags }, ...below(child as Program, [...path, child.name()])]
    })
  return below(
    createProgram({ env, stdin, stdout, stderr, signal: new AbortController().signal, exitCode: 0 }),
    [],
  )
}

describe('the command line', () => {
  it('has everything that others rely on', () => {
    const names = listCommands().map(({ path }) => path.join(' '))
    const promised = [
      'init',
      'serve',
      'user add',
      'trust add',
      'trust remove',
      'trust deny',
      'trust undeny',
      'trust list',
      'peer',
      'peer keys',
      'peer accept-key',
      'peer forget',
      'keys list',
      'keys stage',
      'keys activate',
      'keys retire',
      'config show',
      'migrate status',
      'index rebuild',
      'index check',
      'doctor',
      'bench',
      'login',
      'logout',
      'whoami',
      'ls',
      'cp',
      'mkdir',
      'rm',
      'cat',
      'invite create',
      'trash list',
      'trash restore',
      'versions list',
      'versions restore',
      'invite list',
      'invite revoke',
      'invite accept',
      'contacts list',
      'contacts remove',
      'share create',
      'share list',
      'share revoke',
      'share pending',
      'share received',
      'share accept',
      'share decline',
      'share leave',
      'transfer submit',
      'transfer list',
      'transfer show',
      'transfer files',
      'transfer watch',
      'transfer wait',
      'transfer cancel',
      'transfer retry',
      'app-password list',
      'app-password create',
      'app-password revoke',
    ]
    expect(names).toEqual(expect.arrayContaining(promised))
  })

  it.each(
    listCommands().map(({ path }) => [path.join(' '), path] as const),
  )('"%s --help" explains itself', async (name, path) => {
    const cli = createCli(await temporaryFolder())
    const answer = await cli([...path, '--help'])
    expect(answer).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(`causeway ${name}`),
    })
    expect(answer.stdout).toMatch(/\n\n[A-Z][^\n]+[.:]/)
    const isGroup = answer.stdout.includes('\nCommands:')
    if (!isGroup) expect(answer.stdout).toContain(`:\n  causeway ${name} `.trimEnd())
  })

  it.each([
    [[], 'sub-command'],
    [['share'], 'sub-command'],
    [['dance'], "Unknown command 'dance'"],
    [['ls', '--sideways'], "Unknown option '--sideways'"],
    [['share', 'create', '/a'], "Missing required argument 'with'"],
    [['share', 'change', '7'], 'Say what to change'],
    [['init', '/x'], '--public-url'],
    [['serve', '/x', '--port', '70000'], '65535'],
    [['transfer', 'wait', 'j', '--timeout', 'soon'], 'above zero'],
    [['transfer', 'submit', 'gsiftp://h/x', '/b'], 'speaks no gsiftp'],
    [['cp', 'a'], 'a source and a destination'],
    [['doctor', 'a', 'b'], 'doctor takes DIR'],
  ])('%j is wrong usage', async (args, words) => {
    const cli = createCli(await temporaryFolder())
    expect(await cli(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
  })

  it('has no option that takes a password', () => {
    const flags = listCommands().flatMap((command) => command.flags)
    expect(flags).toContain('--password-stdin')
    expect(flags.filter((flag) => /(password|token|secret)(?!-file).*[<[]/.test(flag))).toEqual([])
  })
})

it('asks the API what the API understands', async () => {
  const asked: unknown[] = []
  const { url } = await startServer(async (request, response) => {
    const text = (await readBody(request)).toString()
    asked.push([request.method, request.url, ...(text === '' ? [] : [JSON.parse(text)])])
    if (request.method === 'DELETE') return response.writeHead(204).end()
    sendJson(response, 200, {
      items: [],
      id: 'x',
      path: '/a',
      recipient: { address: 'jan@k' },
      owner: {},
      files: {},
      bytes: { done: 0 },
      source: {},
      destination: {},
    })
  })
  const cli = createCli(await temporaryFolder())
  const lines: [string[], unknown[]][] = [
    [
      ['invite', 'create', '--description', 'Jan'],
      ['POST', '/api/v1/invitations', { description: 'Jan' }],
    ],
    [
      ['invite', 'accept', 'abc'],
      ['POST', '/api/v1/invitations/accept', { invite: 'abc' }],
    ],
    [
      ['invite', 'accept', 't', '--provider', 'k.test'],
      ['POST', '/api/v1/invitations/accept', { token: 't', provider: 'k.test' }],
    ],
    [
      ['invite', 'revoke', 'a/b'],
      ['DELETE', '/api/v1/invitations/a%2Fb'],
    ],
    [
      ['contacts', 'remove', '1'],
      ['DELETE', '/api/v1/contacts/1'],
    ],
    [
      ['share', 'create', 'drive:/a', 'jan@k', '--role', 'editor', '--expires', '2027-01-31T12:00Z'],
      [
        'POST',
        '/api/v1/shares',
        { path: '/a', shareWith: 'jan@k', role: 'editor', expiresAt: '2027-01-31T12:00:00.000Z' },
      ],
    ],
    [
      ['share', 'list', '--path', '/a b'],
      ['GET', '/api/v1/shares?path=%2Fa+b'],
    ],
    [
      ['share', 'change', '7', '--role', 'viewer', '--no-expires', '--no-may-reshare'],
      ['PATCH', '/api/v1/shares/7', { role: 'viewer', expiresAt: null, mayReshare: false }],
    ],
    [
      ['share', 'status', '7'],
      ['GET', '/api/v1/messages'],
    ],
    [
      ['share', 'retry', '8'],
      ['POST', '/api/v1/messages/8/retry'],
    ],
    [
      ['share', 'pending'],
      ['GET', '/api/v1/received-shares?state=pending'],
    ],
    [
      ['share', 'accept', '7', '--name', 'N'],
      ['POST', '/api/v1/received-shares/7/accept', { name: 'N' }],
    ],
    [
      ['share', 'decline', '7'],
      ['POST', '/api/v1/received-shares/7/decline'],
    ],
    [
      ['share', 'leave', '7'],
      ['DELETE', '/api/v1/received-shares/7'],
    ],
    [
      [
        'transfer',
        'submit',
        'share:00000000-0000-4000-8000-000000000007/sub',
        'drive:/in',
        '--overwrite',
        'never',
        '--label',
        'L',
        '--priority',
        '80',
        '--executor',
        'rclone',
      ],
      [
        'POST',
        '/api/v1/transfers',
        {
          source: { shareId: '00000000-0000-4000-8000-000000000007', path: '/sub' },
          destination: { path: '/in' },
          overwrite: 'never',
          label: 'L',
          priority: 80,
          executor: 'rclone',
        },
      ],
    ],
    [
      ['transfer', 'list', '--state', 'ACTIVE'],
      ['GET', '/api/v1/transfers?state=ACTIVE&limit=50'],
    ],
    [
      ['transfer', 'files', '9', '--state', 'error'],
      ['GET', '/api/v1/transfers/9/files?state=ERROR&limit=1000'],
    ],
    [
      ['transfer', 'cancel', '9'],
      ['POST', '/api/v1/transfers/9/cancel'],
    ],
    [
      ['transfer', 'retry', '9'],
      ['POST', '/api/v1/transfers/9/retry'],
    ],
    [
      ['app-password', 'create', 'rclone'],
      ['POST', '/api/v1/me/app-passwords', { label: 'rclone' }],
    ],
  ]
  for (const [args, expected] of lines) {
    asked.length = 0
    const answer = await cli([...args, '--json'], { env: { url, user: 'ann', token: 'x' } })
    expect(answer, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
    expect(asked, args.join(' ')).toEqual([expected])
  }
})

it('takes a day for its last second and refuses what is no date', () => {
  expect(Date.parse(parseMoment('2027-01-31'))).toBe(Date.parse('2027-01-31T23:59:59'))
  expect(() => parseMoment('tomorrow')).toThrow('is not a date')
})

describe('doctor', () => {
  it('looks at a folder or, from it, at a peer', () => {
    expect(parseDoctorArguments(['/n'])).toEqual({ folder: '/n' })
    expect(parseDoctorArguments(['/n'], 'krakow')).toEqual({ folder: '/n', peer: 'krakow' })
    expect(parseDoctorArguments(['peer', 'krakow', '/n'])).toEqual({ folder: '/n', peer: 'krakow' })
    expect(parseDoctorArguments(['peer', 'krakow'])).toEqual({ folder: '.', peer: 'krakow' })
    expect(parseDoctorArguments(['peer'])).toEqual({ folder: 'peer' })
  })

  it('lists findings, with a remedy where one is needed', () => {
    let text = ''
    const sink = {
      write: (part: string | Uint8Array) => {
        text += part
      },
    }
    printFindings(
      [
        { check: 'keys', level: 'ok', message: 'fine', remedy: 'none' },
        { check: 'port', level: 'fail', message: 'taken', remedy: 'choose another' },
      ],
      new Output({ stdout: sink, stderr: sink, json: false, color: false }),
    )
    expect(text).toBe('ok    keys  fine\nfail  port  taken\n            → choose another\n')
  })
})
