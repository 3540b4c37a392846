import type { Report } from './report.ts'
import type { Figure, Row } from './runner.ts'
import { formatFigure } from './units.ts'

/** The multiple of another's speed that a case should reach. */
interface SpeedAim {
  case: string
  against: string
  /** At least so many times as fast. */
  times: number
}

const SPEED_AIMS: SpeedAim[] = [
  { case: 'get-large', against: 'nginx', times: 1 },
  { case: 'put-large', against: 'nginx', times: 1 },
  { case: 'get-small', against: 'koa', times: 0.7 },
  { case: 'put-small', against: 'rclone', times: 1 },
  { case: 'propfind-oc', against: 'rclone', times: 1 },
  { case: 'transfer-large', against: 'rclone-copy', times: 1 },
  { case: 'transfer-large', against: 'arccp', times: 1 },
  { case: 'transfer-large', against: 'davix-cp', times: 1 },
  { case: 'transfer-huge', against: 'rclone-copy', times: 1 },
  { case: 'transfer-huge', against: 'arccp', times: 1 },
  { case: 'transfer-huge', against: 'davix-cp', times: 1 },
  { case: 'transfer-small', against: 'rclone-copy', times: 1 },
  { case: 'transfer-small', against: 'arccp', times: 1 },
  { case: 'transfer-small', against: 'gfal-copy', times: 1 },
  { case: 'transfer-tree', against: 'rclone-copy', times: 1 },
  { case: 'transfer-tree', against: 'arccp', times: 1 },
  { case: 'transfer-tree', against: 'gfal-copy', times: 1 },
  { case: 'remote-read', against: 'direct', times: 0.8 },
]
/** The cases that a tree must not slow down, and by how much the largest may differ from the smallest. */
const TREE_CASES = ['tree-list', 'tree-put', 'tree-etag']
const TREE_TOLERANCE = 1.25
/** A killed node works again after so many seconds. */
const RECOVERY_AIM_SECONDS = 2
const MEMORY_AIM_MIB = 250
const OURS = 'causeway'
/** Cases in which the memory of the first contestant must be the same in every run. */
const FLAT_CASES = ['remote-read']
const FLAT_TOLERANCE = 1.25

/** How many times as fast the first is as the second; NaN when one of them failed. */
export function timesAsFast(unit: Row['unit'], first: Figure, second: Figure): number {
  return unit.endsWith('/s') ? first.median / second.median : second.median / first.median
}

/** The lines of the table of aims: what, aim, reached, met. Only those that the run can tell. */
export function judgeAims({ rows }: Report): string[][] {
  return [
    ...rows.flatMap((row) => SPEED_AIMS.filter((aim) => aim.case === row.case).map((aim) => speed(row, aim))),
    ...rows.filter((row) => TREE_CASES.includes(row.case)).map(tree),
    ...rows.filter((row) => FLAT_CASES.includes(row.case)).map(flat),
    ...rows.filter((row) => row.case === 'transfer-recovery').map(recovery),
    ...memory(rows),
  ].filter((line) => line.length > 0)
}

function speed(row: Row, { against, times }: SpeedAim): string[] {
  const [first] = row.figures
  const other = row.figures.find((figure) => figure.name === against)
  if (first === undefined || other === undefined) return []
  const reached = timesAsFast(row.unit, first, other)
  const aim = `at least ${times} × the speed of ${other.label}`
  return [row.title, aim, Number.isNaN(reached) ? 'failed' : `${reached.toFixed(2)} ×`, met(reached >= times)]
}

function tree(row: Row): string[] {
  const [first, last] = [row.figures[0], row.figures.at(-1)]
  if (first === undefined || last === undefined) return []
  const grown = last.median / first.median
  const reached = `${grown.toFixed(2)} × (${formatFigure(first.median)} and ${formatFigure(last.median)} ms)`
  const what = `${row.title}: ${last.label} against ${first.label}`
  return [what, `the same, at most ${TREE_TOLERANCE} ×`, reached, met(grown <= TREE_TOLERANCE)]
}

function recovery({ title, figures: [first] }: Row): string[] {
  if (first === undefined) return []
  const aim = `under ${RECOVERY_AIM_SECONDS} s`
  return [title, aim, `${formatFigure(first.median)} s`, met(first.median < RECOVERY_AIM_SECONDS)]
}

/** Buffering shows in how much it takes, a leak in how far the runs lie apart. */
function flat(row: Row): string[] {
  const [first] = row.figures
  if (first === undefined || first.peakMiB.length === 0) return []
  const [low, high] = [Math.min(...first.peakMiB), Math.max(...first.peakMiB)]
  const aim = `under ${MEMORY_AIM_MIB} MiB, highest run at most ${FLAT_TOLERANCE} × the lowest`
  const reached = `${high.toFixed(0)} MiB (lowest ${low.toFixed(0)})`
  const isMet = high < MEMORY_AIM_MIB && high <= low * FLAT_TOLERANCE
  return [`peak memory of the node that passes it on: ${row.title}`, aim, reached, met(isMet)]
}

/** One line: the highest that our node took anywhere, and where. */
function memory(rows: readonly Row[]): string[][] {
  const taken = rows.flatMap((row) =>
    row.figures
      .filter((figure) => figure.name === OURS && figure.peakMiB.length > 0)
      .map((figure) => ({ title: row.title, peakMiB: Math.max(...figure.peakMiB) })),
  )
  const [highest] = taken.toSorted((a, b) => b.peakMiB - a.peakMiB)
  if (highest === undefined) return []
  const reached = `${highest.peakMiB.toFixed(0)} MiB (${highest.title})`
  const aim = `under ${MEMORY_AIM_MIB} MiB`
  return [['peak memory of Causeway, all cases', aim, reached, met(highest.peakMiB < MEMORY_AIM_MIB)]]
}

function met(isMet: boolean): string {
  return isMet ? 'yes' : '**no**'
}
