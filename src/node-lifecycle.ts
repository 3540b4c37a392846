import type { Base } from './node-base.ts'
import type { Rooms } from './node-faces.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { regularly } from './platform/regularly.ts'

const HOUR_MS = 3_600_000
const DIRECTORY_MS = 300_000

/** What runs in the background, from its start to its end. */
export function lifecycle({ stopping, log, clock }: Base, rooms: Rooms, stack: DisposalStack) {
  const { spaces, uploads, ocm, shares, transfers, sessions, notify } = rooms
  return {
    async start() {
      await spaces.sweep()
      const { signal } = stopping
      const every = (everyMs: number, work: () => Promise<unknown>, failure: string) =>
        regularly(clock, { everyMs, signal }, work, (err) => log.error({ err }, failure))
      void every(HOUR_MS, () => uploads.sweep(), 'sweeping uploads failed')
      void every(HOUR_MS, () => sessions.sweep(), 'removing sessions that are over failed')
      const loops = [
        every(HOUR_MS, () => spaces.expire(signal), 'emptying the trash of what is too old failed'),
        // What is good is read every hour; what could not be read is tried again sooner.
        every(DIRECTORY_MS, () => ocm.directories.refresh({ signal }), 'reading directories failed'),
      ]
      stack.defer(async () => {
        stopping.abort()
        await Promise.all(loops)
      })
      shares.start(stopping.signal)
      notify.start(stopping.signal)
      transfers.start()
    },
    beginStop: () => stopping.abort(),
    close: () => stack.close(),
  }
}
