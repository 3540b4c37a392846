import { type CliEnv, readCliEnv } from '../config/cli-env.ts'
import { messageOf } from '../platform/errors.ts'
import { exitCodes } from './exit.ts'
import { runCommand } from './run.ts'

const interrupt = new AbortController()
const onSignal = () => {
  // The second Ctrl-C does not wait for anything.
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted)
  interrupt.abort()
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
// Whoever reads our output may stop reading: `causeway ls -r | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed),
  )
}

const { stdin, stdout, stderr } = process
process.exitCode = await runCommand(process.argv.slice(2), {
  env: readEnvironment(),
  stdin,
  stdout,
  stderr,
  signal: interrupt.signal,
  exitCode: exitCodes.ok,
})

/** A secret file that cannot be read is wrong usage, told before anything else. */
function readEnvironment(): CliEnv {
  try {
    return readCliEnv()
  } catch (error) {
    stderr.write(`causeway: ${messageOf(error)}; check CAUSEWAY_TOKEN_FILE and CAUSEWAY_PASSWORD_FILE.\n`)
    process.exit(exitCodes.usage)
  }
}
