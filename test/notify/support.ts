import type { Clock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'

/** People by id, which is their name as well. */
export async function addUsers(db: Db, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const row = {
      id,
      name: id,
      display_name: id,
      email: `${id}@mail.test`,
      password_hash: '',
      created_at_ms: 1,
    }
    await db('users').insert(row)
  }
}

/** A clock that stands until it is moved; who waits is let go when the time has come. */
export class FakeClock implements Clock {
  private atMs: number
  private readonly sleepers = new Set<{ untilMs: number; wake: () => void }>()

  constructor(atMs = 1_795_000_000_000) {
    this.atMs = atMs
  }

  nowMs(): number {
    return this.atMs
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { untilMs: this.atMs + ms, wake: resolve }
      this.sleepers.add(sleeper)
      signal?.addEventListener('abort', () => {
        this.sleepers.delete(sleeper)
        reject(signal.reason)
      })
    })
  }

  pass(ms: number): void {
    this.atMs += ms
    for (const sleeper of [...this.sleepers]) {
      if (sleeper.untilMs > this.atMs) continue
      this.sleepers.delete(sleeper)
      sleeper.wake()
    }
  }
}
