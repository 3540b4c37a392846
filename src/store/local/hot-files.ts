import type { FileRow } from '../catalogue/file-index.ts'

/** What is kept in memory altogether. */
const MAX_BYTES = 16 * 1024 * 1024
/** How many files are remembered as read once. */
const MAX_SEEN = 10_000

interface HotFile {
  etag: string
  bytes: Buffer
}

/**
 * The small files that are read again and again, in memory: four journeys to the thread pool are most of
 * what such a read costs. What is served is checked against the disk each time, by one `lstat`, so a change
 * from outside shows as it does without. A file is taken in when it is read for the second time.
 */
export class HotFiles {
  private readonly files = new Map<string, HotFile>()
  private readonly seen = new Set<string>()
  private readonly maxBytes: number
  private heldBytes = 0

  constructor(maxBytes = MAX_BYTES) {
    this.maxBytes = maxBytes
  }

  /** The content that the row describes, if it is here. The caller has to ask the disk whether it still is. */
  find(row: FileRow): Buffer | undefined {
    const known = this.files.get(row.id)
    if (known?.etag !== row.etag) return undefined
    // Back at the end: the beginning is what was not asked for longest.
    this.files.delete(row.id)
    this.files.set(row.id, known)
    return known.bytes
  }

  /** Takes note of a file that was read whole. The bytes must not be changed by anybody. */
  offer(row: FileRow, bytes: Buffer): void {
    if (bytes.length !== row.sizeBytes) return
    if (!this.seen.delete(row.id)) {
      this.seen.add(row.id)
      forgetOldest(this.seen, MAX_SEEN)
      return
    }
    this.drop(row.id)
    this.files.set(row.id, { etag: row.etag, bytes })
    this.heldBytes += bytes.length
    for (const id of this.files.keys()) {
      if (this.heldBytes <= this.maxBytes) return
      this.drop(id)
    }
  }

  private drop(id: string): void {
    this.heldBytes -= this.files.get(id)?.bytes.length ?? 0
    this.files.delete(id)
  }
}

function forgetOldest(seen: Set<string>, max: number): void {
  const oldest = seen.values().next()
  if (seen.size > max && !oldest.done) seen.delete(oldest.value)
}
