import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { CliContext } from '../../../src/cli/context.ts'
import { runCommand } from '../../../src/cli/run.ts'
import { type CliEnv, readCliEnv } from '../../../src/config/cli-env.ts'

export interface Answer {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** What is piped in, or a stream that stands for a terminal. */
  stdin?: string | Buffer | CliContext['stdin']
  env?: Partial<CliEnv>
  signal?: AbortSignal
  /** Pretend that stderr is a terminal. */
  isTTY?: boolean
  /** Sees what goes to stderr while the command runs. */
  onStderr?: (text: string) => void
}

/** A fresh folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A runner of command lines with a profile file of its own. */
export function createCli(folder: string): (args: string[], options?: RunOptions) => Promise<Answer> {
  return async (args, options = {}) => {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const collect = (into: Buffer[]) => (text: string | Uint8Array) => into.push(Buffer.from(text as string))
    const context: CliContext = {
      env: { ...readCliEnv({ XDG_CONFIG_HOME: folder }), ...options.env },
      stdin: toStream(options.stdin),
      stdout: { write: collect(stdout) },
      stderr: {
        write: (text) => {
          options.onStderr?.(String(text))
          return collect(stderr)(text)
        },
        isTTY: options.isTTY === true,
        columns: 100,
      },
      signal: options.signal ?? new AbortController().signal,
      exitCode: 0,
    }
    const code = await runCommand(args, context)
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  }
}

function toStream(stdin: RunOptions['stdin']): CliContext['stdin'] {
  if (stdin instanceof Readable) return stdin
  return Readable.from(stdin === undefined ? [] : [Buffer.from(stdin as string)])
}
