import type * as t from '../types.ts'
import { Reservations } from './reservations.ts'
import { findEntry, WrappedStore } from './wrapped-store.ts'

/** The limit of a drive in bytes at the time of asking; undefined: none. */
export type QuotaLimit = () => number | undefined | Promise<number | undefined>

/**
 * Limits what a drive may hold. A missing or lying length cannot overfill it: bytes are counted as they
 * come, and those of other running writes with them. Use one instance for one drive.
 */
export class QuotaStore extends WrappedStore {
  private readonly limitBytes: QuotaLimit
  private readonly overwritingFrees: boolean
  private readonly reservations = new Reservations()

  /** `overwritingFrees`: what is overwritten makes room, because nothing of it is kept. */
  constructor(next: t.FileStore, limitBytes: QuotaLimit, { overwritingFrees = true } = {}) {
    super(next)
    this.limitBytes = limitBytes
    this.overwritingFrees = overwritingFrees
  }

  override async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    const declared = 'staged' in source ? source.staged.sizeBytes : options.sizeBytes
    return await this.within(path, declared ?? 0, (grow) => {
      return this.next.write(path, 'staged' in source ? source : counted(source, grow), options)
    })
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    const source = await findEntry(this.next, from) // the store below says what is wrong with a missing one
    const isEmpty = source?.kind === 'folder' && options.depth === '0'
    const needed = isEmpty ? 0 : (source?.sizeBytes ?? 0)
    return await this.within(to, needed, () => this.next.copy(from, to, options))
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage | undefined> {
    return await this.next.page?.(path, query)
  }

  override async quota(): Promise<t.StoreQuota> {
    const below = await this.next.quota()
    const limitBytes = await this.limitBytes()
    if (limitBytes === undefined) return below
    const left = Math.max(0, limitBytes - below.usedBytes)
    const availableBytes = Math.min(left, below.availableBytes ?? left)
    return { ...below, availableBytes, ...(!this.overwritingFrees && { keepsOverwritten: true }) }
  }

  /** Runs a write that brings `bytes` (or more, as they come) to `path`. */
  private async within<T>(
    path: t.StorePath,
    bytes: number,
    work: (grow: (toBytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const limitBytes = await this.limitBytes()
    if (limitBytes === undefined) return await work(() => undefined)
    const replaced = this.overwritingFrees ? await findEntry(this.next, path) : undefined
    const replacedBytes = replaced?.sizeBytes ?? 0
    const { usedBytes } = await this.next.quota()
    const reservation = this.reservations.begin(Math.max(0, limitBytes - usedBytes + replacedBytes))
    let isDone = false
    try {
      reservation.grow(bytes)
      const result = await work((toBytes) => reservation.grow(toBytes))
      isDone = true
      return result
    } finally {
      reservation.end(isDone)
    }
  }
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  grow: (toBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of source) {
    total += chunk.length
    grow(total)
    yield chunk
  }
}
