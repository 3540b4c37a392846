/** What tells one upload from another: whose, where to, and of which file. */
export interface UploadFacts {
  user: string
  path: string
  sizeBytes: number
  modifiedMs: number
  /** It replaces what stands there: whoever did not say so must not go on with it. */
  overwrite: boolean
}

interface Remembered {
  address: string
  expiresAtMs: number
}

const KEY = 'causeway.uploads'
/** The oldest go first; who uploads more at once begins some of them anew. */
const MAX_UPLOADS = 200

/**
 * Large uploads that have begun, by marks of their files, so that they are gone on with after the page was closed.
 * An address is good for its owner only, and names of files are not kept: a mark cannot be read back.
 */
export class RememberedUploads {
  private readonly storage: Pick<Storage, 'getItem' | 'setItem'>
  private readonly nowMs: () => number

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, nowMs: () => number) {
    this.storage = storage
    this.nowMs = nowMs
  }

  find(facts: UploadFacts): string | undefined {
    return this.read().get(markOf(facts))?.address
  }

  keep(facts: UploadFacts, { address, expiresAtMs }: Remembered): void {
    const uploads = this.read()
    uploads.delete(markOf(facts))
    uploads.set(markOf(facts), { address, expiresAtMs })
    this.write(uploads)
  }

  /** Whatever it was to do with what stands there. */
  forget(facts: UploadFacts): void {
    const uploads = this.read()
    const isGone = [true, false].map((overwrite) => uploads.delete(markOf({ ...facts, overwrite })))
    if (isGone.includes(true)) this.write(uploads)
  }

  /** Without those that the node has forgotten by now. */
  private read(): Map<string, Remembered> {
    try {
      const all = Object.entries(JSON.parse(this.storage.getItem(KEY) ?? '{}'))
      return new Map(all.filter((entry): entry is [string, Remembered] => this.isGood(entry[1])))
    } catch {
      // Nothing is there, it is no JSON, or the browser keeps nothing: then uploads begin anew.
      return new Map()
    }
  }

  private isGood(value: unknown): value is Remembered {
    const { address, expiresAtMs } = (value ?? {}) as Partial<Remembered>
    return (
      typeof address === 'string' &&
      /^\/(?!\/)/.test(address) &&
      typeof expiresAtMs === 'number' &&
      expiresAtMs > this.nowMs()
    )
  }

  private write(uploads: ReadonlyMap<string, Remembered>): void {
    try {
      this.storage.setItem(KEY, JSON.stringify(Object.fromEntries([...uploads].slice(-MAX_UPLOADS))))
    } catch {
      // The room of the browser is used up, or it keeps nothing.
    }
  }
}

/** Two FNV-1a of 32 bits with a letter in front, which keeps the order in which they were added. */
function markOf({ user, path, sizeBytes, modifiedMs, overwrite }: UploadFacts): string {
  const text = JSON.stringify([user, path, sizeBytes, modifiedMs, overwrite])
  return `u${fnv(text, 0x811c9dc5)}${fnv(text, 0x1234567)}`
}

function fnv(text: string, seed: number): string {
  let hash = seed
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
