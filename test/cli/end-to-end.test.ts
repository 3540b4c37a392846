import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const script = resolve(import.meta.dirname, '../../bin/causeway')
const PASSWORD = 'correct horse battery staple'

let folder: string
let server: ChildProcess
let url: string

interface Answer {
  code: number
  stdout: string
  stderr: string
}

/** Runs the real command in a process of its own, with a home for `who`. */
function causeway(who: string, args: string[], stdin?: string): Promise<Answer> {
  return new Promise((done) => {
    const env = { PATH: process.env.PATH, HOME: join(folder, who), CAUSEWAY_LOG__LEVEL: 'silent' }
    const child = execFile(script, args, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
    child.stdin?.end(stdin ?? '')
  })
}

/** The same, for commands that must succeed; answers what they said. */
async function ok(who: string, args: string[], stdin?: string): Promise<string> {
  const answer = await causeway(who, args, stdin)
  expect(answer, args.join(' ')).toMatchObject({ code: 0 })
  return answer.stdout
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-e2e-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const node = join(folder, 'node')
  const init = ['init', node, '--public-url', url, '--admin', 'ann', '--password-stdin', '--json']
  expect(JSON.parse(await ok('operator', init, PASSWORD))).toMatchObject({ user: 'ann' })
  const added = JSON.parse(
    await ok('operator', ['user', 'add', node, 'jan', '--display-name', 'Jan', '--json']),
  )
  await writeFile(join(folder, 'jan.password'), added.password)
  const env = {
    PATH: process.env.PATH,
    CAUSEWAY_LOG__LEVEL: 'silent',
    CAUSEWAY_OPS__PORT: '0',
    CAUSEWAY_NETWORK__ALLOW: '["127.0.0.0/8"]',
    CAUSEWAY_NETWORK__INSECURE_HTTP: 'true',
  }
  server = spawn(script, ['serve', node, '--port', String(port)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [ready] = await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line')
  expect(ready).toBe(`listening on ${url}`)
})

afterAll(async () => {
  if (server?.exitCode === null) {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

describe('the command against a node of its own', () => {
  it('logs two people in and knows who they are', async () => {
    expect(await ok('ann', ['login', url, '--user', 'ann', '--password-stdin'], PASSWORD)).toContain(
      'logged in',
    )
    const password = await readFile(join(folder, 'jan.password'), 'utf8')
    await ok('jan', ['login', url, '--user', 'jan', '--password-stdin'], password)
    expect(JSON.parse(await ok('jan', ['whoami', '--json']))).toMatchObject({
      name: 'jan',
      displayName: 'Jan',
    })
    expect((await causeway('eve', ['login', url, '--user', 'ann', '--password-stdin'], 'guess')).code).toBe(1)
  })

  it('carries a folder up and down with equal checksums', async () => {
    const data = join(folder, 'data')
    await mkdir(join(data, 'sub'), { recursive: true })
    await writeFile(join(data, 'big.bin'), Buffer.alloc(5_000_000, 'causeway'))
    await writeFile(join(data, 'sub/ä b#%.txt'), 'hello')
    const lines = (await ok('ann', ['cp', '-r', data, 'drive:/', '--json'])).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).verified)).toEqual([true, true])
    expect(await ok('ann', ['ls', '-r', 'drive:/data'])).toBe(
      '/data/big.bin\n/data/sub/\n/data/sub/ä b#%.txt\n',
    )
    expect(await ok('ann', ['cat', '/data/sub/ä b#%.txt'])).toBe('hello')
    const down = (await ok('ann', ['cp', '-r', `${url}/dav/files/ann/data`, join(folder, 'back'), '--json']))
      .trim()
      .split('\n')
    expect(down.map((line) => JSON.parse(line).verified)).toEqual([true, true])
    expect(await readdir(join(folder, 'back'))).toEqual(['big.bin', 'sub'])
    await ok('ann', ['cp', 'drive:/data/big.bin', 'drive:/data/sub/'])
    await ok('ann', ['rm', 'drive:/data/sub/big.bin'])
    expect(
      (await causeway('ann', ['cp', '--no-overwrite', join(data, 'big.bin'), 'drive:/data/'])).code,
    ).toBe(1)
    expect((await causeway('ann', ['mkdir', '/x/y'])).code).toBe(1)
    await ok('ann', ['mkdir', '-p', '/x/y'])
  })

  it('gets back what was overwritten and what was deleted', async () => {
    await ok('ann', ['cp', '-', 'drive:/notes.txt'], 'first')
    await ok('ann', ['cp', '-', 'drive:/notes.txt'], 'second')
    const version = JSON.parse(await ok('ann', ['versions', 'list', 'drive:/notes.txt', '--json']))
    expect(version).toMatchObject({ sizeBytes: 5 })
    await ok('ann', ['versions', 'restore', 'drive:/notes.txt', version.version])
    expect(await ok('ann', ['cat', 'drive:/notes.txt'])).toBe('first')
    await ok('ann', ['rm', 'drive:/notes.txt'])
    const listed = (await ok('ann', ['trash', 'list', '--json'])).trim().split('\n')
    const deleted = listed.map((line) => JSON.parse(line)).find((item) => item.path === '/notes.txt')
    expect(await ok('ann', ['trash', 'restore', deleted.name])).toBe('restored to /notes.txt\n')
    expect(await ok('ann', ['cat', 'drive:/notes.txt'])).toBe('first')
    expect((await causeway('ann', ['trash', 'restore', deleted.name])).code).toBe(1)
    await ok('ann', ['trash', 'empty'])
    expect(await ok('ann', ['trash', 'list', '--json'])).toBe('')
  })

  it('shares a folder with another user, who accepts it, reads it and is left without it again', async () => {
    const share = JSON.parse(await ok('ann', ['share', 'create', '/data', 'jan', '--json']))
    expect(share).toMatchObject({ path: '/data', role: 'viewer', state: 'pending' })
    const pending = JSON.parse(await ok('jan', ['share', 'pending', '--json']))
    const accepted = JSON.parse(await ok('jan', ['share', 'accept', pending.id, '--json']))
    expect(accepted.state).toBe('accepted')
    expect(await ok('jan', ['cat', `drive:${accepted.mountPath}/sub/ä b#%.txt`])).toBe('hello')
    expect((await causeway('jan', ['rm', `drive:${accepted.mountPath}/big.bin`])).code).toBe(1)
    await ok('ann', ['share', 'revoke', share.id])
    expect((await causeway('jan', ['ls', `drive:${accepted.mountPath}`])).code).toBe(1)
  })

  it('orders a transfer inside the drive and waits for it', async () => {
    const job = JSON.parse(
      await ok('ann', [
        'transfer',
        'submit',
        '/data',
        'drive:/copy',
        '--label',
        'mine',
        '--wait',
        '--timeout',
        '30',
        '--json',
      ]),
    )
    expect(job).toMatchObject({
      state: 'FINISHED',
      label: 'mine',
      files: { total: 2, done: 2 },
      bytes: { done: 5_000_005 },
    })
    const files = (await ok('ann', ['transfer', 'files', job.id, '--json'])).trim().split('\n')
    expect(files.map((line) => JSON.parse(line).state)).toEqual(['DONE', 'DONE'])
    expect(await ok('ann', ['transfer', 'watch', job.id])).toContain('FINISHED  2 files copied')
    expect(await ok('ann', ['transfer', 'list'])).toContain(job.id)
    const missing = await causeway('ann', ['transfer', 'show', 'none', '--json'])
    expect(missing.code).toBe(1)
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'NOT_FOUND', status: 404 } })
  })

  it('invites, lists and revokes', async () => {
    const invitation = JSON.parse(await ok('ann', ['invite', 'create', '--description', 'for Eva', '--json']))
    expect(await ok('ann', ['invite', 'list'])).toContain('for Eva')
    const mail = await ok('ann', ['invite', 'create', '--mail'])
    expect(mail).toMatch(/invites you to become a contact.*\/wayf\?token=.*Or paste this code/s)
    await ok('ann', ['invite', 'revoke', invitation.id])
    expect(await ok('ann', ['contacts', 'list'])).toBe('')
  })

  it('finds the node in order, and shows its configuration and migrations', async () => {
    const node = join(folder, 'node')
    const doctor = await causeway('operator', ['doctor', node])
    expect(doctor.stdout).toMatch(/^ok /m)
    expect(await ok('operator', ['config', 'show', node])).toContain(`publicUrl: ${url}`)
    await ok('operator', ['migrate', 'status', node])
    await ok('operator', ['trust', 'add', node, 'krakow.test'])
  })

  it('sets what a link between two hosts may carry, for operators only', async () => {
    const link = 'cloud.example>here'
    const set = (who: string, ...options: string[]) =>
      causeway(who, ['transfer', 'links', 'set', link, ...options, '--json'])
    expect(JSON.parse((await set('ann', '--max', '7', '--bandwidth', '10M')).stdout)).toMatchObject({
      maxActive: 7,
      bandwidth: '10M',
      decision: 7,
    })
    expect((await set('ann', '--pause', 'the line is mended')).code).toBe(0)
    expect(await ok('ann', ['transfer', 'links', 'list'])).toMatch(
      /cloud\.example>here +0 +0 +paused .*mended/,
    )
    expect((await causeway('ann', ['transfer', 'queues'])).stderr).toContain(
      'Nothing waits and nothing runs.',
    )
    expect((await set('ann', '--max', 'none', '--bandwidth', 'none', '--resume')).stdout).not.toContain(
      'maxActive',
    )
    expect((await set('ann', '--pause', '--resume')).code).toBe(2)
    expect((await set('jan', '--max', '9')).stderr).toContain('Only an administrator')
  })

  it('logs out, and the app password is worthless from then on', async () => {
    const profile = await readFile(join(folder, 'ann/.config/causeway/config.yaml'), 'utf8')
    const token = /token: (\S+)/.exec(profile)?.[1]?.replaceAll(/["']/g, '') ?? ''
    const authorization = `Basic ${Buffer.from(`ann:${token}`).toString('base64')}`
    expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(200)
    await ok('ann', ['logout'])
    expect((await fetch(`${url}/api/v1/me`, { headers: { authorization } })).status).toBe(401)
    expect((await causeway('ann', ['ls'])).code).toBe(1)
  })

  it('stops orderly on SIGTERM', async () => {
    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })
})
