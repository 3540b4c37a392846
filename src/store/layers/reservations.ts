import { InsufficientStorageError } from '../../platform/errors.ts'

/** Bytes that running writes of one drive will have taken, so that they cannot overfill it together. */
export class Reservations {
  private pendingBytes = 0
  /** All that was ever completed; differences of it tell what others finished since somebody began. */
  private completedBytes = 0

  /** Begins a write into `roomBytes` that were free when it was asked, not counting other running writes. */
  begin(roomBytes: number): Reservation {
    const completedBefore = this.completedBytes
    let takenBytes = 0
    return {
      grow: (toBytes) => {
        const more = toBytes - takenBytes
        if (more <= 0) return
        const others = this.pendingBytes + this.completedBytes - completedBefore
        if (others + more > roomBytes) throw full(roomBytes)
        this.pendingBytes += more
        takenBytes = toBytes
      },
      end: (isDone) => {
        this.pendingBytes -= takenBytes
        if (isDone) this.completedBytes += takenBytes
        takenBytes = 0
      },
    }
  }
}

export interface Reservation {
  /** Claims up to this many bytes in all; throws `InsufficientStorageError` when they are not free. */
  grow(toBytes: number): void
  end(isDone: boolean): void
}

function full(roomBytes: number): InsufficientStorageError {
  const message = `The quota leaves room for ${roomBytes} bytes here. Remove something or ask for more.`
  return new InsufficientStorageError(message, { code: 'QUOTA_EXCEEDED' })
}
