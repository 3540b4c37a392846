import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { CliError, exitCodes } from '../exit.ts'

interface BenchOptions {
  small?: boolean
  rounds?: string
  peers?: string
  folder?: string
  json?: boolean
}

/** Adds `bench`: the comparisons run as a program of their own, so that nothing of ours is measured along. */
export function registerBench(program: Command, context: CliContext): void {
  const bench = program
    .command('bench')
    .argument('[names...]', 'only these comparisons')
    .option('--small', 'small sizes and one round: does it work, not how fast is it')
    .option('--rounds <n>', 'how often each is measured')
    .option('--peers <names>', 'only these servers, separated by commas')
    .option('--folder <dir>', 'where the data lies; decides which disk is measured')
    .description('Run the comparisons of bench/ with other servers on this machine.')
  onAction<BenchOptions>(bench, context, async ({ args, options }) => {
    const script = fileURLToPath(new URL('../../../bench/index.ts', import.meta.url))
    if (!existsSync(script))
      throw new CliError(
        'The comparisons are not part of this installation; run them in a clone of the source.',
      )
    return run([...process.execArgv, script, ...args, ...toFlags(options)], context.signal)
  })
}

function toFlags({ small, rounds, peers, folder, json }: BenchOptions): string[] {
  const flags = [...(small ? ['--small'] : []), ...(json ? ['--json'] : [])]
  const values = Object.entries({ rounds, peers, folder })
  return [...flags, ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))]
}

function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? exitCodes.failed))
  })
}
