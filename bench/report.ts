import { judgeAims, timesAsFast } from './aims.ts'
import type { Machine } from './machine.ts'
import { table } from './markdown.ts'
import type { Figure, Row } from './runner.ts'
import { formatFigure } from './units.ts'

/** Everything one run found out. */
export interface Report {
  machine: Machine
  versions: Record<string, string>
  /** Servers that are not on this machine, and how to get them. */
  missing: Record<string, string>
  /** Cases that this machine cannot run, and why. */
  skipped: Record<string, string>
  rounds: number
  /** Whether measurements waited for a quiet machine. */
  waitsForQuiet: boolean
  rows: Row[]
}

/** The report as Markdown: one table for each set of contestants, figures first, then ratios. */
export function toMarkdown(report: Report): string {
  const groups = Map.groupBy(report.rows, (row) => row.figures.map((figure) => figure.name).join())
  return [
    ...aimTable(report),
    ...[...groups.values()].flatMap(describeRows),
    ...failures(report.rows),
    ...describeRun(report),
    '',
  ].join('\n')
}

function aimTable(report: Report): string[] {
  const lines = judgeAims(report)
  return lines.length === 0 ? [] : [...table(['case', 'aim', 'reached', 'met'], lines, true), '']
}

/** Tables of rows with the same contestants. */
function describeRows(rows: readonly Row[]): string[] {
  const tables = [figureTable(rows), ratioTable(rows), memoryTable(rows), remarks(rows)]
  return tables.filter((lines) => lines.length > 0).flatMap((lines) => [...lines, ''])
}

function figureTable(rows: readonly Row[]): string[] {
  const labels = rows[0]?.figures.map((figure) => figure.label) ?? []
  return table(
    ['median (lowest to highest)', 'unit', ...labels],
    rows.map((row) => [row.title, row.unit, ...row.figures.map(cell)]),
  )
}

function cell(figure: Figure): string {
  if (figure.runs.length === 0) return 'failed'
  const low = Math.min(...figure.runs)
  const high = Math.max(...figure.runs)
  const range = figure.runs.length === 1 ? '' : ` (${formatFigure(low)} to ${formatFigure(high)})`
  return `${formatFigure(figure.median)}${range}`
}

/** How many times as fast as each other the first contestant is: above 1 it is ahead. */
function ratioTable(rows: readonly Row[]): string[] {
  const [first, ...others] = rows[0]?.figures ?? []
  if (first === undefined || others.length === 0 || rows[0]?.isList === true) return []
  return table(
    [`speed of ${first.label} as a multiple of`, ...others.map((figure) => figure.label)],
    rows.map((row) => [row.title, ...row.figures.slice(1).map((other) => `${ratio(row, other)}`)]),
  )
}

/** Speed of the first contestant over the speed of another; `–` when one of them failed. */
function ratio(row: Row, other: Figure): string {
  const [first] = row.figures
  const times = first === undefined ? Number.NaN : timesAsFast(row.unit, first, other)
  return Number.isFinite(times) ? `${times.toFixed(2)} ×` : '–'
}

/** The highest of all runs, and the lowest: what stays flat has them close together. */
function memoryTable(rows: readonly Row[]): string[] {
  const known = rows.filter((row) => row.figures.some((figure) => figure.peakMiB.length > 0))
  if (known.length === 0) return []
  const labels = rows[0]?.figures.map((figure) => figure.label) ?? []
  return table(
    ['peak memory, MiB: highest run (lowest)', ...labels],
    known.map((row) => [row.title, ...row.figures.map(({ peakMiB }) => memoryCell(peakMiB))]),
  )
}

function memoryCell(peakMiB: readonly number[]): string {
  if (peakMiB.length === 0) return '–'
  return `${Math.max(...peakMiB).toFixed(0)} (${Math.min(...peakMiB).toFixed(0)})`
}

function remarks(rows: readonly Row[]): string[] {
  return rows.flatMap((row) =>
    row.figures.flatMap(({ label, remark }) =>
      remark === undefined ? [] : [`- ${row.title}, ${label}: ${remark}.`],
    ),
  )
}

function failures(rows: readonly Row[]): string[] {
  const failed = rows.flatMap((row) => row.figures.map((figure) => ({ row, figure })))
  const lines = failed.flatMap(({ row, figure }) =>
    figure.failure === undefined
      ? []
      : [`- ${figure.label}, ${row.title}: ${figure.failure.split('\n', 1)[0]}`],
  )
  return lines.length === 0 ? [] : ['Failed:', ...lines, '']
}

function describeRun(report: Report): string[] {
  const { machine, versions, missing, skipped, rounds } = report
  const { cores, processor, memory, system, fileSystem, loadGenerator, loadBefore } = machine
  return [
    `- Machine: ${cores} cores (${processor}), ${memory} of memory, ${system}; data on ${fileSystem}.`,
    `- Load average before the run: ${loadBefore.toFixed(2)}. Rounds: ${rounds}. Small requests by ${loadGenerator}.`,
    describeQuiet(report),
    `- Versions: ${[...new Set(Object.values(versions))].join('; ')}.`,
    ...Object.values(missing).map((reason) => `- Left out: ${reason}.`),
    ...Object.entries(skipped).map(([name, reason]) => `- Left out, the case ${name}: ${reason}.`),
  ]
}

function describeQuiet({ waitsForQuiet, rows, rounds }: Report): string {
  if (!waitsForQuiet)
    return '- Small sizes, and no waiting for a quiet machine: these figures show only that it works.'
  const figures = rows.flatMap((row) => row.figures)
  const disturbed = figures.reduce((sum, figure) => sum + figure.disturbed, 0)
  const all = figures.length * (rounds + 1)
  return `- Measurements that began while others kept the machine busy: ${disturbed} of ${all}.`
}
