import type { Machine } from './machine.ts'
import type { Figure, Row } from './runner.ts'
import { formatFigure } from './units.ts'

/** Everything one run found out. */
export interface Report {
  machine: Machine
  versions: Record<string, string>
  /** Servers that are not on this machine, and how to get them. */
  missing: Record<string, string>
  rounds: number
  rows: Row[]
}

/** The report as Markdown: one table for each set of contestants, figures first, then ratios. */
export function toMarkdown(report: Report): string {
  const groups = Map.groupBy(report.rows, (row) => row.figures.map((figure) => figure.name).join())
  return [
    ...[...groups.values()].flatMap((rows) => [...figureTable(rows), '', ...ratioTable(rows), '']),
    ...failures(report.rows),
    ...describeRun(report),
    '',
  ].join('\n')
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
  if (first === undefined || others.length === 0) return []
  return table(
    [`speed of ${first.label} as a multiple of`, ...others.map((figure) => figure.label)],
    rows.map((row) => [row.title, ...row.figures.slice(1).map((other) => `${ratio(row, other)}`)]),
  )
}

/** Speed of the first contestant over the speed of another; `–` when one of them failed. */
export function ratio(row: Row, other: Figure): string {
  const ours = row.figures[0]?.median ?? Number.NaN
  const times = row.unit === 'req/s' ? ours / other.median : other.median / ours
  return Number.isFinite(times) ? `${times.toFixed(2)} ×` : '–'
}

function table(head: readonly string[], lines: readonly string[][]): string[] {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`)
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

function describeRun({ machine, versions, missing, rounds, rows }: Report): string[] {
  const { cores, processor, memory, system, fileSystem, loadGenerator, loadBefore } = machine
  const figures = rows.flatMap((row) => row.figures)
  const disturbed = figures.reduce((sum, figure) => sum + figure.disturbed, 0)
  return [
    `- Machine: ${cores} cores (${processor}), ${memory} of memory, ${system}; data on ${fileSystem}.`,
    `- Load average before the run: ${loadBefore.toFixed(2)}. Rounds: ${rounds}. Small requests by ${loadGenerator}.`,
    `- Measurements that began while others kept the machine busy: ${disturbed} of ${figures.length * (rounds + 1)}.`,
    `- Versions: ${[...new Set(Object.values(versions))].join('; ')}.`,
    ...Object.values(missing).map((reason) => `- Left out: ${reason}.`),
  ]
}
