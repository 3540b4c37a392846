import type { Base } from './node-base.ts'

/** What changes within this time is told as one, before it goes to other processes and pages. */
const GATHER_MS = 500

/** Tells the pages of a user that something in their drive changed. */
export function tellDriveChanges({ clock, events, stopping }: Pick<Base, 'clock' | 'events' | 'stopping'>) {
  const waiting = new Set<string>()
  const tell = (userId: string) => {
    waiting.delete(userId)
    events.publish('drive', { userId })
  }
  return (userId: string): void => {
    if (waiting.has(userId)) return
    waiting.add(userId)
    clock.wait(GATHER_MS, stopping.signal).then(
      () => tell(userId),
      () => waiting.delete(userId),
    )
  }
}
