import type { Clock } from '../../platform/clock.ts'
import { NotFoundError } from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { checkConditions } from '../../store/conditions.ts'
import { TransferError } from '../transfer-error.ts'
import type { CopyResult, CopyTask, DirectExecutor } from './executor.ts'
import { canCopy } from './third-party-ability.ts'
import { learn, suits, waysFor, whyThirdParty } from './third-party-choice.ts'
import { sidesOf } from './third-party-credentials.ts'
import { type CopyDeps, endsOf, type FarEnds, unsupported } from './third-party-ends.ts'
import { CopierMemory } from './third-party-memory.ts'
import { orderCopy } from './third-party-order.ts'
import { type Order, WayRefused } from './third-party-types.ts'
import { removeRemains, verifyThere } from './third-party-verify.ts'
import type { Patience } from './third-party-watch.ts'

/** Written down before a copy is ordered where nothing stood: what stands there later is ours. */
export const ORDERED = 'tpc:new'
/** Clients of the grid expect a marker every 5 s and give up after this. */
const PATIENCE: Patience = { silenceMs: 120_000, stallMs: 900_000 }

export interface ThirdPartyExecutorDeps {
  outbound: Outbound
  clock: Clock
  patience?: Partial<Patience>
}

/**
 * WLCG HTTP-TPC as the one who orders: COPY at the destination, which fetches, else at the source, which
 * sends. What came of it is compared with the source; what broke is removed.
 */
export function createThirdPartyExecutor(deps: ThirdPartyExecutorDeps): DirectExecutor {
  const { outbound, clock } = deps
  const copying: CopyDeps = { outbound, clock, memory: new CopierMemory(clock) }
  const patience = { ...PATIENCE, ...deps.patience }
  return {
    name: 'third-party',
    keepsWatch: true,
    suits: (source, destination) => suits(copying.memory, source, destination),
    copy: (task) => copyFile(copying, patience, task),
    close: async () => undefined,
  }
}

async function copyFile(deps: CopyDeps, patience: Patience, task: CopyTask): Promise<CopyResult> {
  const ends = endsOf(task)
  const done = await finishEarlier(deps, ends, task)
  if (done !== undefined) return done
  const reasons: string[] = []
  for (const way of waysFor(deps.memory, ends)) {
    const { copier } = sidesOf(way, ends)
    if (!(await canCopy(deps, copier, task.signal))) {
      reasons.push(`${copier.label} does not copy with other servers`)
      continue
    }
    try {
      return await copyOneWay(deps, { task, ends, way, patience })
    } catch (error) {
      reasons.push(reasonOf(error))
    }
  }
  throw unsupported(`The two servers do not copy between them: ${reasons.join('; ')}.`)
}

/** The text of what lets another way be tried; everything else is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof WayRefused) return error.message
  if (error instanceof TransferError && error.fault.code === 'UNSUPPORTED_HERE') return error.message
  throw error
}

/** A worker that died had ordered a copy: it may have become one, or half of one. */
async function finishEarlier(deps: CopyDeps, ends: FarEnds, task: CopyTask): Promise<CopyResult | undefined> {
  if (task.reference !== ORDERED) return undefined
  try {
    const result = await verifyThere(deps, ends, task)
    if (result === undefined || !task.verifyChecksum || isCompared(result)) return result
  } catch (error) {
    if (!(error instanceof TransferError)) throw error
  }
  await removeRemains(deps, ends, task)
  return undefined
}

function isCompared({ checksums, sourceChecksums = {} }: CopyResult): boolean {
  return Object.keys(checksums).some((type) => type in sourceChecksums)
}

type Asked = Omit<Order, 'onState'>

async function copyOneWay(deps: CopyDeps, order: Asked): Promise<CopyResult> {
  const { task, ends, way } = order
  const { memory } = deps
  const isNew = await isNothingThere(task)
  const reference = isNew ? ORDERED : null
  if (reference !== task.reference) await task.onReference(reference)
  let mayBeThere = false
  try {
    const onState = (state: 'sent' | 'refused') => {
      mayBeThere = state === 'sent'
    }
    const isSaid = await orderCopy(deps, { ...order, onState })
    memory.learnCopy(sidesOf(way, ends).copier.origin, true)
    task.onMoved?.()
    const result = await verifyThere(deps, ends, task)
    if (result === undefined) throw missing(order, isSaid)
    memory.learnSuccess(way, ends.source.origin, ends.destination.origin)
    const { copier, other } = sidesOf(way, ends)
    return { ...result, why: whyThirdParty(way, copier.label, other.label) }
  } catch (error) {
    learn(memory, order, error)
    if (isNew) await tidy(deps, order, mayBeThere && !isSomebodyElses(error))
    throw error
  }
}

/** Where everything may be replaced nobody has looked yet; a condition on the etag is checked here. */
async function isNothingThere({ conditions, destination: { store, path } }: CopyTask): Promise<boolean> {
  if (conditions.ifNoneMatch === '*') return true
  const entry = await store.stat(path).catch((error: unknown) => {
    if (error instanceof NotFoundError) return undefined
    throw error
  })
  checkConditions(entry, conditions)
  return entry === undefined
}

function missing({ way, ends }: Asked, isSaid: boolean): Error {
  const { copier } = sidesOf(way, ends)
  const message = `${copier.label} says that it copied the file, and ${ends.destination.label} has none`
  if (!isSaid) return new WayRefused(message, 'server')
  return new TransferError({
    code: 'COPY_MISSING',
    type: 'TEMPORARY_REMOTE_ERROR',
    location: 'ERROR_DESTINATION',
    message: `${message}.`,
    temporary: true,
    maxRepeats: 3,
  })
}

/** Another one was faster: what stands there is not ours to remove. */
function isSomebodyElses(error: unknown): boolean {
  return error instanceof TransferError && error.fault.code === 'HTTP_412'
}

/** The note that something there is ours goes when nothing is there any more. */
async function tidy(deps: CopyDeps, { task, ends }: Asked, mayBeThere: boolean): Promise<void> {
  if (mayBeThere && !(await removeRemains(deps, ends, task))) return
  await task.onReference(null).catch(() => undefined)
}
