import type { NodeEvents } from '../events.ts'

/** An event as it goes from one process to the others. */
export type RelayedEvent = {
  [N in keyof NodeEvents]: { kind: 'event'; name: N; event: NodeEvents[N] }
}[keyof NodeEvents]

/** What the primary may ask of every worker. */
export type Question = 'metrics' | 'checks'

/** A failure as it goes from one process to another. */
export interface Failure {
  name: string
  message: string
  code?: string
}

/** What the primary tells a worker. */
export type ToWorker =
  /** The first message: what to be. */
  | { kind: 'order'; order: unknown }
  /** Background work is yours from now on. */
  | { kind: 'lead' }
  | { kind: 'stop' }
  | RelayedEvent
  | { kind: 'ask'; id: number; question: Question }
  /** The gate is yours; `isWanted`: for one turn. */
  | { kind: 'granted'; key: string; isWanted: boolean }
  /** Another has it, and you did not want to wait. */
  | { kind: 'refused'; key: string }
  /** Somebody else wants this gate. */
  | { kind: 'wanted'; key: string }

/** What a worker tells the primary. */
export type FromWorker =
  | { kind: 'ready'; url: string }
  /** Background work runs. */
  | { kind: 'leading' }
  /** It ends, because of this. */
  | { kind: 'failed'; failure: Failure }
  | RelayedEvent
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'claim'; key: string; waits: boolean }
  | { kind: 'release'; key: string }
