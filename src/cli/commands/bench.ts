import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { CliError, exitCodes } from '../exit.ts'

/** Adds `bench`: the comparisons run as a program of their own, so that nothing of ours is measured along. */
export function registerBench(program: Command, context: CliContext): void {
  const bench = program
    .command('bench')
    .argument('[names...]', 'only these comparisons')
    .description('Run the comparisons of bench/ with other servers on this machine.')
  onAction(bench, context, async ({ args, options }) => {
    const script = fileURLToPath(new URL('../../../bench/index.ts', import.meta.url))
    if (!existsSync(script))
      throw new CliError(
        'The comparisons are not part of this installation; run them in a clone of the source.',
      )
    return run([...process.execArgv, script, ...args, ...(options.json ? ['--json'] : [])], context.signal)
  })
}

function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? exitCodes.failed))
  })
}
