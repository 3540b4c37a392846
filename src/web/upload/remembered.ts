import type { Proof } from './sent-proof.ts'

/** What tells one upload from another: whose, where to, and of which file. */
export interface UploadFacts {
  user: string
  path: string
  sizeBytes: number
  modifiedMs: number
  /** It replaces what stands there: whoever did not say so must not go on with it. */
  overwrite: boolean
}

export interface Remembered {
  address: string
  expiresAtMs: number
  /** Of the piece that was sent last, and of what was before it: the file may have been changed since. */
  proofs: readonly Proof[]
}

interface Entry extends Remembered {
  user: string
}

const KEY = 'causeway.uploads'
/** The oldest go first; who uploads more at once begins some of them anew. */
const MAX_UPLOADS = 200

/**
 * Large uploads that have begun, by marks of their files, so that they are gone on with after the page was closed.
 * An address holds the name of its owner, and is good for nobody else. Names of files are not kept: a mark cannot be
 * read back.
 */
export class RememberedUploads {
  private readonly storage: Pick<Storage, 'getItem' | 'setItem'>
  private readonly nowMs: () => number

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>, nowMs: () => number) {
    this.storage = storage
    this.nowMs = nowMs
  }

  find(facts: UploadFacts): Remembered | undefined {
    return this.read().get(markOf(facts))
  }

  keep(facts: UploadFacts, { address, expiresAtMs, proofs }: Remembered): void {
    const uploads = this.read()
    uploads.delete(markOf(facts))
    uploads.set(markOf(facts), { user: facts.user, address, expiresAtMs, proofs })
    this.write(uploads)
  }

  /** That at this address, whatever it was to do with what stands there. */
  forget(facts: UploadFacts, address: string): void {
    const marks = [true, false].map((overwrite) => markOf({ ...facts, overwrite }))
    this.remove((entry, mark) => marks.includes(mark) && entry.address === address)
  }

  /** All of somebody who has left this browser. */
  forgetUser(user: string): void {
    this.remove((entry) => entry.user === user)
  }

  private remove(isGone: (entry: Entry, mark: string) => boolean): void {
    const uploads = this.read()
    const left = [...uploads].filter(([mark, entry]) => !isGone(entry, mark))
    if (left.length < uploads.size) this.write(new Map(left))
  }

  /** Without those that the node has forgotten by now, which are not kept any longer either. */
  private read(): Map<string, Entry> {
    try {
      const all = Object.entries(JSON.parse(this.storage.getItem(KEY) ?? '{}'))
      const good = new Map(all.filter((entry): entry is [string, Entry] => this.isGood(entry[1])))
      if (good.size < all.length) this.write(good)
      return good
    } catch {
      // Nothing is there, it is no JSON, or the browser keeps nothing: then uploads begin anew.
      return new Map()
    }
  }

  private isGood(value: unknown): value is Entry {
    const { user, address, expiresAtMs, proofs } = (value ?? {}) as Partial<Entry>
    return (
      typeof user === 'string' &&
      typeof address === 'string' &&
      /^\/(?![/\\])/.test(address) &&
      typeof expiresAtMs === 'number' &&
      expiresAtMs > this.nowMs() &&
      Array.isArray(proofs) &&
      proofs.every(isProof)
    )
  }

  private write(uploads: ReadonlyMap<string, Entry>): void {
    try {
      this.storage.setItem(KEY, JSON.stringify(Object.fromEntries([...uploads].slice(-MAX_UPLOADS))))
    } catch {
      // The room of the browser is used up, or it keeps nothing.
    }
  }
}

function isProof(value: unknown): value is Proof {
  const { endBytes, digest } = (value ?? {}) as Partial<Proof>
  return typeof endBytes === 'number' && typeof digest === 'string'
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
