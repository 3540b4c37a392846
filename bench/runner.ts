import { readPeakMemory, resetPeakMemory } from './memory.ts'
import { findProgram, runProgram } from './processes.ts'
import { waitForQuiet } from './quiet.ts'
import type { Bench, Case, Contestant, Sizes } from './types.ts'
import { median } from './units.ts'

/** What one contestant did in one case. */
export interface Figure {
  name: string
  label: string
  runs: number[]
  median: number
  /** Runs that began although others kept the machine busy. */
  disturbed: number
  /** Highest resident memory of its processes in each run, in MiB; empty where it cannot be told. */
  peakMiB: number[]
  /** What else was seen. */
  remark?: string | undefined
  /** Set instead of runs when it could not do the work. */
  failure?: string
}

/** One line of the report. */
export interface Row {
  case: string
  title: string
  unit: Case['unit']
  isList: boolean
  figures: Figure[]
}

/**
 * Measures one case: a round that is not counted, then the rounds that are. In every round each contestant
 * has its turn, and the order moves on, so that a noisy minute does not hit always the same.
 */
export async function runCase(one: Case, bench: Bench, say: (text: string) => void): Promise<Row> {
  const contestants = await one.open(bench)
  const figures = contestants.map(
    ({ name, label }): Figure => ({ name, label, runs: [], median: Number.NaN, disturbed: 0, peakMiB: [] }),
  )
  for (let round = 0; round <= bench.sizes.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const place = (turn + round) % contestants.length
      const contestant = contestants[place]
      const figure = figures[place]
      if (contestant === undefined || figure === undefined || figure.failure !== undefined) continue
      const value = await takeTurn(contestant, round, { figure, sizes: bench.sizes })
      if (value !== undefined && round > 0) figure.runs.push(value)
      say(
        `${one.name} ${round}/${bench.sizes.rounds} ${contestant.label}: ${figure.failure ?? value?.toFixed(3)}`,
      )
    }
  }
  figures.forEach((figure, place) => {
    figure.median = median(figure.runs)
    figure.remark = contestants[place]?.remark?.()
  })
  return {
    case: one.name,
    title: one.title(bench.sizes),
    unit: one.unit,
    isList: one.isList === true,
    figures,
  }
}

/** A contestant that fails is named in the report; the others go on. */
async function takeTurn(
  contestant: Contestant,
  round: number,
  { figure, sizes }: { figure: Figure; sizes: Sizes },
): Promise<number | undefined> {
  try {
    await settleDisk()
    if (sizes.waitsForQuiet && !(await waitForQuiet())) figure.disturbed++
    const { pid } = contestant
    const readsMemory = pid !== undefined && (await resetPeakMemory(pid))
    const value = await contestant.measure(round)
    if (readsMemory && round > 0) figure.peakMiB.push(await readPeakMemory(pid))
    await contestant.tidy?.(round)
    return value
  } catch (error) {
    figure.failure = error instanceof Error ? error.message : String(error)
    return undefined
  }
}

/** What the one before left to write must not slow down the next. */
async function settleDisk(): Promise<void> {
  const sync = findProgram('sync')
  if (sync !== undefined) await runProgram(sync, [])
}
