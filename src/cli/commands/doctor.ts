import type { Command } from 'commander'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { exitCodes, usageError } from '../exit.ts'
import { printable } from '../format.ts'
import { operator } from '../operator.ts'
import type { Output } from '../output.ts'

/** One thing that was looked at. */
export interface Finding {
  check: string
  level: 'ok' | 'warn' | 'fail'
  message: string
  remedy?: string
}

const DOCTOR_HELP = `
"causeway doctor DIR" looks at the node in that folder. With --peer HOST, or as
"causeway doctor peer HOST DIR", it looks at another node from there: name, address rules, certificate,
discovery, keys, trust. The exit code is 1 when something fails; warnings alone leave it 0.`

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** Adds `doctor`. */
export function registerDoctor(program: Command, context: CliContext): void {
  const doctor = program
    .command('doctor')
    .argument('<what...>', 'DIR, or: peer HOST DIR')
    .usage('[options] DIR | peer HOST DIR')
    .option('--peer <host>', 'look at this node from here')
    .description('What is wrong with a node or a peer, and what to do about it.')
    .addHelpText('after', DOCTOR_HELP)
  onAction<{ peer?: string }>(doctor, context, runDoctor)
}

async function runDoctor({ args, options, output }: CommandCall<{ peer?: string }>): Promise<number> {
  const { folder, peer } = parseDoctorArguments(args, options.peer)
  const { diagnose, diagnosePeer } = await operator.admin()
  const findings: Finding[] = peer === undefined ? await diagnose(folder) : await diagnosePeer(folder, peer)
  printFindings(findings, output)
  return findings.some((finding) => finding.level === 'fail') ? exitCodes.failed : exitCodes.ok
}

/** `DIR`, or `peer HOST [DIR]` where DIR is the present folder unless given. */
export function parseDoctorArguments(
  args: readonly string[],
  option?: string,
): { folder: string; peer?: string } {
  const [first = '', second, third] = args
  if (first === 'peer' && second !== undefined && option === undefined && args.length <= 3)
    return { folder: third ?? '.', peer: second }
  if (args.length !== 1) throw usageError('doctor takes DIR, or: peer HOST DIR.')
  return option === undefined ? { folder: first } : { folder: first, peer: option }
}

export function printFindings(findings: readonly Finding[], output: Output): void {
  if (output.json) {
    output.list(findings, { headings: [], row: () => [], empty: '' })
    return
  }
  const width = Math.max(0, ...findings.map((finding) => finding.check.length))
  for (const { check, level, message, remedy } of findings) {
    const mark = output.style(STYLES[level], level.padEnd(4))
    output.stdout.write(`${mark}  ${printable(check).padEnd(width)}  ${printable(message)}\n`)
    if (remedy !== undefined && level !== 'ok')
      output.stdout.write(`      ${''.padEnd(width)}  → ${printable(remedy)}\n`)
  }
}
