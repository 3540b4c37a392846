/**
 * The states of one file request, with the names of ARC's Data Transfer Requests: for each step a
 * to-do, a doing and a done state. Steps that this node does not have yet (cache, resolve, stage,
 * release) will stand between the ones that are here.
 */
export const dtrStates = [
  'NEW',
  'QUERY_REPLICA',
  'QUERYING_REPLICA',
  'REPLICA_QUERIED',
  'PRE_CLEAN',
  'PRE_CLEANING',
  'PRE_CLEANED',
  'TRANSFER',
  'TRANSFERRING',
  'TRANSFERRED',
  'REGISTER_REPLICA',
  'REGISTERING_REPLICA',
  'REPLICA_REGISTERED',
  'DONE',
  'SKIPPED',
  'ERROR',
  'CANCELLED',
] as const

export type DtrState = (typeof dtrStates)[number]

/**
 * What can happen to a request. `next`: the scheduler moves it on; `start`, `ok`: a step begins, ends;
 * `skip`: the destination holds the same already; `retry`: a temporary error; `restart`: the bytes were
 * wrong, begin again; `lost`: the worker died; `fail`: a permanent error; `cancel`: the user's wish.
 */
export const dtrEvents = [
  'next',
  'start',
  'ok',
  'skip',
  'retry',
  'restart',
  'lost',
  'fail',
  'cancel',
] as const

export type DtrEvent = (typeof dtrEvents)[number]

type Moves = Partial<Record<DtrEvent, DtrState>>

const always = { fail: 'ERROR', cancel: 'CANCELLED' } as const
/** Before publication everything begins anew; the bytes that stand in the part file are kept. */
const anew = { ...always, retry: 'NEW', restart: 'NEW', lost: 'NEW' } as const
/** Once the bytes are complete, only publication is repeated. */
const publishAgain = {
  ...always,
  retry: 'REGISTER_REPLICA',
  restart: 'NEW',
  lost: 'REGISTER_REPLICA',
} as const

/** The one place that says which state follows which. */
export const dtrTable: Readonly<Record<DtrState, Moves>> = {
  NEW: { ...anew, next: 'QUERY_REPLICA' },
  QUERY_REPLICA: { ...anew, start: 'QUERYING_REPLICA' },
  QUERYING_REPLICA: { ...anew, ok: 'REPLICA_QUERIED' },
  REPLICA_QUERIED: { ...anew, next: 'PRE_CLEAN' },
  PRE_CLEAN: { ...anew, start: 'PRE_CLEANING' },
  PRE_CLEANING: { ...anew, ok: 'PRE_CLEANED', skip: 'SKIPPED' },
  PRE_CLEANED: { ...anew, next: 'TRANSFER' },
  TRANSFER: { ...anew, start: 'TRANSFERRING' },
  TRANSFERRING: { ...anew, ok: 'TRANSFERRED' },
  TRANSFERRED: { ...anew, next: 'REGISTER_REPLICA' },
  REGISTER_REPLICA: { ...publishAgain, start: 'REGISTERING_REPLICA' },
  REGISTERING_REPLICA: { ...publishAgain, ok: 'REPLICA_REGISTERED', skip: 'SKIPPED' },
  REPLICA_REGISTERED: { ...publishAgain, next: 'DONE' },
  DONE: {},
  SKIPPED: {},
  ERROR: {},
  CANCELLED: {},
}

/** A move that the table does not have: a fault of ours. */
export class IllegalTransitionError extends Error {
  override name = 'IllegalTransitionError'
  constructor(state: DtrState, event: DtrEvent) {
    super(`A request in state ${state} cannot take the event ${event}.`)
  }
}

/** The state after `event`; throws `IllegalTransitionError` when there is none. */
export function nextState(state: DtrState, event: DtrEvent): DtrState {
  const next = dtrTable[state][event]
  if (next === undefined) throw new IllegalTransitionError(state, event)
  return next
}

/** True for a state that is never left. */
export function isFinal(state: DtrState): boolean {
  return Object.keys(dtrTable[state]).length === 0
}
