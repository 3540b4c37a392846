import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { TransferError } from '../transfer-error.ts'

const run = promisify(execFile)
const PROBE_TIMEOUT_MS = 20_000

export interface RcloneProgram {
  path: string
  /** Major and minor, such as [1, 60]. */
  version: readonly [number, number]
}

/** Looks the program up on PATH and asks its version. Throws a `TransferError` that says what to install. */
export async function findRclone(program: string): Promise<RcloneProgram> {
  const path = await locate(program)
  const { stdout } = await run(path, ['version'], {
    env: { RCLONE_CONFIG: '/dev/null' },
    timeout: PROBE_TIMEOUT_MS,
  })
  const match = /^rclone v(\d+)\.(\d+)/.exec(stdout)
  if (match === null) throw missing(`${path} does not say that it is rclone`)
  return { path, version: [Number(match[1]), Number(match[2])] }
}

/** True from this version on. */
export function isAtLeast(program: RcloneProgram, major: number, minor: number): boolean {
  const [hasMajor, hasMinor] = program.version
  return hasMajor > major || (hasMajor === major && hasMinor >= minor)
}

/** The shell knows PATH; the program itself is then started with an environment of its own. */
async function locate(program: string): Promise<string> {
  try {
    const { stdout } = await run('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', program])
    return stdout.trim()
  } catch {
    throw missing(`there is no program named ${program}`)
  }
}

function missing(reason: string): TransferError {
  return new TransferError({
    code: 'RCLONE_MISSING',
    type: 'INTERNAL_LOGIC_ERROR',
    location: 'ERROR_TRANSFER',
    message: `rclone is not installed: ${reason}. Install rclone, set transfers.rcloneProgram, or use the executor stream.`,
    temporary: false,
  })
}
