import { CommanderError } from 'commander'
import { type CliContext, createOutput } from './context.ts'
import { CliError, exitCodes, toFailure, usageError } from './exit.ts'
import { createProgram } from './program.ts'

/** Runs one command line (without the program's name) and answers the exit code; never throws. */
export async function runCommand(args: readonly string[], context: CliContext): Promise<number> {
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' })
    return context.exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok
    const error = context.signal.aborted
      ? interrupted()
      : thrown instanceof CommanderError
        ? fromCommander(thrown)
        : thrown
    const { failure, exitCode } = toFailure(error)
    createOutput(context, args.includes('--json')).fail(failure)
    return exitCode
  }
}

/** All of commander's complaints are about usage. */
function fromCommander(error: CommanderError): CliError {
  if (error.code === 'commander.help') return usageError('A sub-command is missing; --help lists them.')
  const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return usageError(`${/[.?!)]$/.test(sentence) ? sentence : `${sentence}.`} See --help.`)
}

function interrupted(): Error {
  return new CliError('Interrupted.', { code: 'INTERRUPTED', exitCode: exitCodes.interrupted })
}
