/**
 * The states of one file request, with the names of ARC's Data Transfer Requests: for each step a
 * to-do, a doing and a done state, and a waiting state where somebody else has to finish first.
 */
export const dtrStates = [
  'NEW',
  'CHECK_CACHE',
  'CHECKING_CACHE',
  'CACHE_WAIT',
  'CACHE_CHECKED',
  'RESOLVE',
  'RESOLVING',
  'RESOLVED',
  'QUERY_REPLICA',
  'QUERYING_REPLICA',
  'REPLICA_QUERIED',
  'PRE_CLEAN',
  'PRE_CLEANING',
  'PRE_CLEANED',
  'STAGE_PREPARE',
  'STAGING_PREPARING',
  'STAGING_PREPARING_WAIT',
  'STAGED_PREPARED',
  'TRANSFER',
  'TRANSFERRING',
  'TRANSFERRED',
  'REGISTER_REPLICA',
  'REGISTERING_REPLICA',
  'REPLICA_REGISTERED',
  'RELEASE_REQUEST',
  'RELEASING_REQUEST',
  'REQUEST_RELEASED',
  'PROCESS_CACHE',
  'PROCESSING_CACHE',
  'CACHE_PROCESSED',
  'DONE',
  'SKIPPED',
  'ERROR',
  'CANCELLED',
] as const

export type DtrState = (typeof dtrStates)[number]

/**
 * What can happen to a request. `next`: the scheduler moves it on; `start`, `ok`: a step begins, ends;
 * `wait`: the step waits for somebody else; `skip`: the destination holds the same already; `retry`: a
 * temporary error; `restart`: the bytes were wrong, begin again; `replica`: this source failed, the next
 * one is tried; `lost`: the worker died; `fail`: a permanent error; `cancel`: the user's wish.
 */
export const dtrEvents = [
  'next',
  'start',
  'ok',
  'wait',
  'skip',
  'retry',
  'restart',
  'replica',
  'lost',
  'fail',
  'cancel',
] as const

export type DtrEvent = (typeof dtrEvents)[number]

type Moves = Partial<Record<DtrEvent, DtrState>>

const always = { fail: 'ERROR', cancel: 'CANCELLED' } as const
/** Before publication everything begins anew; the bytes that stand in the part file are kept. */
const anew = { ...always, retry: 'NEW', restart: 'NEW', lost: 'NEW' } as const
/** From the choice of the source on, another one can be chosen. */
const fetched = { ...anew, replica: 'RESOLVE' } as const
/** Once the bytes are complete, only publication is repeated. */
const publishAgain = {
  ...always,
  retry: 'REGISTER_REPLICA',
  restart: 'NEW',
  lost: 'REGISTER_REPLICA',
} as const
/** The copy is there for all to see: what is left is to tidy up, and a failure of that fails nothing else. */
const tidyAgain = (state: DtrState): Moves => ({ ...always, retry: state, restart: state, lost: state })

/** The one place that says which state follows which. */
export const dtrTable: Readonly<Record<DtrState, Moves>> = {
  NEW: { ...anew, next: 'CHECK_CACHE' },
  CHECK_CACHE: { ...anew, start: 'CHECKING_CACHE' },
  CHECKING_CACHE: { ...anew, ok: 'CACHE_CHECKED', wait: 'CACHE_WAIT' },
  CACHE_WAIT: { ...anew, next: 'CHECK_CACHE' },
  CACHE_CHECKED: { ...anew, next: 'RESOLVE' },
  RESOLVE: { ...anew, start: 'RESOLVING' },
  RESOLVING: { ...fetched, ok: 'RESOLVED' },
  RESOLVED: { ...fetched, next: 'QUERY_REPLICA' },
  QUERY_REPLICA: { ...fetched, start: 'QUERYING_REPLICA' },
  QUERYING_REPLICA: { ...fetched, ok: 'REPLICA_QUERIED' },
  REPLICA_QUERIED: { ...fetched, next: 'PRE_CLEAN' },
  PRE_CLEAN: { ...fetched, start: 'PRE_CLEANING' },
  PRE_CLEANING: { ...fetched, ok: 'PRE_CLEANED', skip: 'SKIPPED' },
  PRE_CLEANED: { ...fetched, next: 'STAGE_PREPARE' },
  STAGE_PREPARE: { ...fetched, start: 'STAGING_PREPARING' },
  STAGING_PREPARING: { ...fetched, ok: 'STAGED_PREPARED', wait: 'STAGING_PREPARING_WAIT' },
  STAGING_PREPARING_WAIT: { ...fetched, lost: 'STAGING_PREPARING_WAIT', next: 'STAGE_PREPARE' },
  STAGED_PREPARED: { ...fetched, next: 'TRANSFER' },
  TRANSFER: { ...fetched, start: 'TRANSFERRING' },
  TRANSFERRING: { ...fetched, ok: 'TRANSFERRED' },
  TRANSFERRED: { ...anew, next: 'REGISTER_REPLICA' },
  REGISTER_REPLICA: { ...publishAgain, start: 'REGISTERING_REPLICA' },
  REGISTERING_REPLICA: { ...publishAgain, ok: 'REPLICA_REGISTERED', skip: 'SKIPPED' },
  REPLICA_REGISTERED: { ...publishAgain, next: 'RELEASE_REQUEST' },
  RELEASE_REQUEST: { ...tidyAgain('RELEASE_REQUEST'), start: 'RELEASING_REQUEST' },
  RELEASING_REQUEST: { ...tidyAgain('RELEASE_REQUEST'), ok: 'REQUEST_RELEASED' },
  REQUEST_RELEASED: { ...tidyAgain('RELEASE_REQUEST'), next: 'PROCESS_CACHE' },
  PROCESS_CACHE: { ...tidyAgain('PROCESS_CACHE'), start: 'PROCESSING_CACHE' },
  PROCESSING_CACHE: { ...tidyAgain('PROCESS_CACHE'), ok: 'CACHE_PROCESSED' },
  CACHE_PROCESSED: { ...tidyAgain('PROCESS_CACHE'), next: 'DONE' },
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

/** True for a state that is not final and stands at `other` or behind it on the way of a request. */
export function hasReached(state: DtrState, other: DtrState): boolean {
  return dtrStates.indexOf(state) >= dtrStates.indexOf(other) && !isFinal(state)
}

/** True where the copy is published and only tidying up is left. */
export function isPublished(state: DtrState): boolean {
  return hasReached(state, 'REPLICA_REGISTERED')
}
