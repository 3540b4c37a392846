import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, openSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A program that is not on this machine; the peer that needs it is left out. */
export class MissingProgramError extends Error {
  override name = 'MissingProgramError'
}

/** The full path of a program; system folders are searched although they may not be on PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** As `findProgram`; throws `MissingProgramError`. */
export function getProgram(name: string, debianPackage: string): string {
  const found = findProgram(name)
  if (found !== undefined) return found
  throw new MissingProgramError(`${name} is not installed (Debian: apt-get install ${debianPackage})`)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs a program to its end and gives what it wrote, both streams; throws when it fails. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string } = {},
): Promise<string> {
  const running = promisify(execFile)(file, args, {
    env: { ...process.env, ...options.env },
    maxBuffer: 64 * 1024 * 1024,
  })
  // Some programs end without reading it.
  running.child.stdin?.on('error', () => undefined)
  running.child.stdin?.end(options.stdin ?? '')
  const { stdout, stderr } = await running
  return `${stdout}${stderr}`
}

/** A server that answers. */
export interface RunningProgram {
  pid: number
  stop(): Promise<void>
  /** Gives it no time for anything. */
  kill(): Promise<void>
}

export interface ServerStart {
  file: string
  args: readonly string[]
  env?: Record<string, string>
  /** Where its output goes; named when it does not start. */
  logFile: string
  port: number
}

/** Starts a server and waits until its port answers. Throws when it ends or stays silent for 30 s. */
export async function startServer(start: ServerStart): Promise<RunningProgram> {
  const log = openSync(start.logFile, 'a')
  const child = spawn(start.file, start.args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...start.env },
  })
  const failed = once(child, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => undefined)
  const deadline = performance.now() + 30_000
  while (!(await Promise.race([answers(start.port), failed]))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stopChild(child)
      throw new Error(`${start.file} does not start; see ${start.logFile}`)
    }
    await delay(50)
  }
  return { pid: child.pid ?? 0, stop: () => stopChild(child), kill: () => stopChild(child, 'SIGKILL') }
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const hard = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(hard)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** A port of loopback that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
