import { signal } from '@preact/signals'
import { addHost } from '../shell/hosts.ts'
import type { ConflictAnswer, ConflictChoice } from './types.ts'

/** Something that stands where something else is to go. */
export interface Conflict {
  path: string
  isFolder: boolean
  /** There are others, to which the answer may apply as well. */
  isBatch: boolean
  /** The answer, when an earlier one was for all. */
  known?: () => ConflictChoice | undefined
}

export interface OpenConflict extends Conflict {
  answer: (answer: ConflictAnswer) => void
}

export const openConflict = signal<OpenConflict | undefined>(undefined)

let turn: Promise<unknown> = Promise.resolve()

/** Asks what to do; one question after the other. Rejects when the signal fires. */
export function ask(conflict: Conflict, stop: AbortSignal): Promise<ConflictAnswer> {
  const asked = turn.then(() => askNow(conflict, stop))
  turn = asked.catch(() => undefined)
  return asked
}

async function askNow(conflict: Conflict, stop: AbortSignal): Promise<ConflictAnswer> {
  const known = conflict.known?.()
  if (known !== undefined) return { choice: known, forAll: false }
  const { ConflictDialog } = await import('./conflict-dialog.tsx')
  addHost(ConflictDialog)
  return await new Promise<ConflictAnswer>((resolve, reject) => {
    stop.throwIfAborted()
    const close = () => {
      openConflict.value = undefined
      reject(stop.reason)
    }
    stop.addEventListener('abort', close, { once: true })
    openConflict.value = {
      ...conflict,
      answer(answer) {
        stop.removeEventListener('abort', close)
        openConflict.value = undefined
        resolve(answer)
      },
    }
  })
}
