import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The full path of an external program; throws with what to install when it is missing. */
export function requireProgram(name: string, debianPackage = name): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new Error(`${name} is missing: run \`make test-tools\`, or apt-get install ${debianPackage}`)
}

export interface ProgramResult {
  code: number | null
  stdout: string
  stderr: string
}

export interface ProgramOptions {
  cwd?: string
  env?: Record<string, string>
  /** What it reads from its standard input; without it, that is empty. */
  input?: string
}

/** Runs a program to its end. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  })
  child.stdin.on('error', () => undefined) // it may end without having read all
  child.stdin.end(options.input ?? '')
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...output }
}
