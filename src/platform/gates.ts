/**
 * Keeps the other processes of a node out while one works. Within a process its users stand in line already:
 * nobody enters who has not left.
 */
export interface Gate {
  /** Undefined when the way is free at once. */
  enter(): Promise<void> | undefined
  leave(): void
}

/** The gates of a node that is several processes; a node of one process has none. */
export interface Gates {
  /**
   * For what one process often does many times in a row: the gate stays with who went through it last
   * until another asks. One object for each key.
   */
  gateOf(key: string): Gate
  /** For what is done once: runs `work` unless another process does something under this key; throws `busy()` then. */
  runIfFree<T>(key: string, work: () => Promise<T>, busy: () => Error): Promise<T>
}

/** Runs `work` inside. */
export async function within<T>(gate: Gate, work: () => Promise<T>): Promise<T> {
  const opening = gate.enter()
  if (opening !== undefined) await opening
  try {
    return await work()
  } finally {
    gate.leave()
  }
}
