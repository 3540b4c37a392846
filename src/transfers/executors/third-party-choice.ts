import type { TransferDestination, TransferSource } from '../endpoints.ts'
import { TransferError } from '../transfer-error.ts'
import type { Suitability } from './executor.ts'
import { sidesOf } from './third-party-credentials.ts'
import { endsOf, type FarEnds } from './third-party-ends.ts'
import { isAboutRight, isOfFile } from './third-party-faults.ts'
import type { CopierMemory, Way } from './third-party-memory.ts'
import { type Order, WayRefused } from './third-party-types.ts'

const WAYS: readonly Way[] = ['pull', 'push']

/** Whether two ends may be thought to copy between them, by what is known of them now. */
export function suits(
  memory: CopierMemory,
  source: TransferSource,
  destination: TransferDestination,
): Suitability {
  if (source.remote === undefined || destination.remote === undefined) return { suits: false }
  const ends = endsOf({ source, destination })
  const reasons: string[] = []
  for (const way of WAYS) {
    const { copier, other } = sidesOf(way, ends)
    const failure = memory.failureOf(way, ends.source.origin, ends.destination.origin)
    const isCopier = copier.abilities.thirdPartyCopy !== false && memory.canCopy(copier.origin) !== false
    if (!isCopier) continue
    if (failure !== undefined) reasons.push(`to let ${copier.label} ${way} it failed lately (${failure})`)
    else return { suits: true, why: whyThirdParty(way, copier.label, other.label) }
  }
  return reasons.length === 0 ? { suits: false } : { suits: false, why: reasons.join('; ') }
}

/** In words, for the user. */
export function whyThirdParty(way: Way, copier: string, other: string): string {
  const what = way === 'pull' ? `fetches from ${other}` : `sends to ${other}`
  return `${copier} ${what} by itself (HTTP-TPC), so that no byte comes through here`
}

/** What failed lately comes last; an order that names this executor still has it tried. */
export function waysFor(memory: CopierMemory, { source, destination }: FarEnds): Way[] {
  const failed = (way: Way) =>
    memory.failureOf(way, source.origin, destination.origin) === undefined ? 0 : 1
  return [...WAYS].sort((a, b) => failed(a) - failed(b))
}

/** Remembers what a failure says of the servers, not of the file or the user. */
export function learn(
  memory: CopierMemory,
  { task, way, ends }: Omit<Order, 'onState'>,
  error: unknown,
): void {
  if (task.signal.aborted) return
  const { copier } = sidesOf(way, ends)
  if (error instanceof WayRefused && error.about === 'server') memory.learnCopy(copier.origin, false)
  else if (isOfThePair(error)) {
    const text = error instanceof Error ? error.message : String(error)
    memory.learnFailure(way, ends.source.origin, ends.destination.origin, text)
  }
}

/** Not what concerns one file, or one user: nobody shall spoil the way for the others. */
function isOfThePair(error: unknown): boolean {
  if (error instanceof WayRefused) return error.about === 'pair'
  if (!(error instanceof TransferError)) return true
  return error.fault.code !== 'UNSUPPORTED_HERE' && !isOfFile(error.fault) && !isAboutRight(error.fault)
}
