import { signal } from '@preact/signals'
import type { FileItem } from '../../../client/operations.ts'

export interface ListingPage {
  items: FileItem[]
  folder?: FileItem
  total?: number
  nextCursor?: string
}

/** Asks for a page of what is listed, from the first or from a cursor on. */
export type FetchPage = (request: {
  cursor?: string
  limit: number
  signal: AbortSignal
}) => Promise<ListingPage>

export interface ListingView {
  /** As long as the whole; what is not loaded yet is undefined. */
  rows: readonly (FileItem | undefined)[]
  loaded: number
  hasMore: boolean
  folder: FileItem | undefined
  isLoading: boolean
  error: unknown
}

const FIRST = 200
const FURTHER = 1_000

/** A folder or the findings of a search, of any length, loaded as far as somebody looks. */
export class Listing {
  readonly view = signal<ListingView>({
    rows: [],
    loaded: 0,
    hasMore: true,
    folder: undefined,
    isLoading: true,
    error: undefined,
  })
  private readonly fetchPage: FetchPage
  private stop = new AbortController()
  private cursor: string | undefined
  private loading: Promise<void> | undefined

  constructor(fetchPage: FetchPage) {
    this.fetchPage = fetchPage
  }

  /** The items that are loaded, in their order. */
  get items(): readonly FileItem[] {
    const { rows, loaded } = this.view.value
    return rows.slice(0, loaded) as FileItem[]
  }

  /** Loads until this row is there, or everything; several callers share the work. Errors stand in the view. */
  async loadTo(index: number): Promise<void> {
    while (this.wants(index)) {
      this.loading ??= this.loadMore().finally(() => {
        this.loading = undefined
      })
      await this.loading
      if (this.view.value.error !== undefined) return
    }
  }

  async loadAll(): Promise<void> {
    await this.loadTo(Number.POSITIVE_INFINITY)
  }

  /** Loads anew what is loaded; until it is there the old stays. */
  async refresh(): Promise<void> {
    this.stop.abort()
    this.stop = new AbortController()
    const { signal: mine } = this.stop
    const wanted = Math.max(FIRST, this.view.value.loaded)
    this.set({ isLoading: true })
    try {
      const first = await this.fetchPage({ limit: Math.min(FURTHER, wanted), signal: mine })
      const items = [...first.items]
      let cursor = first.nextCursor
      while (cursor !== undefined && items.length < wanted) {
        const page = await this.fetchPage({ cursor, limit: FURTHER, signal: mine })
        items.push(...page.items)
        cursor = page.nextCursor
      }
      if (mine.aborted) return
      this.cursor = cursor
      this.put(items, first.total ?? items.length, first.folder)
    } catch (error) {
      if (!mine.aborted) this.set({ isLoading: false, error })
    }
  }

  /** Ends what is under way; for whoever goes elsewhere. */
  close(): void {
    this.stop.abort()
  }

  /** Takes rows away before the node has said that they are gone; returns how to put them back. */
  remove(paths: ReadonlySet<string>): void {
    const { rows, loaded } = this.view.value
    const left = rows.filter((row) => row === undefined || !paths.has(row.path))
    this.set({ rows: left, loaded: loaded - (rows.length - left.length) })
  }

  replace(path: string, item: FileItem): void {
    this.set({ rows: this.view.value.rows.map((row) => (row?.path === path ? item : row)) })
  }

  private wants(index: number): boolean {
    const { loaded, hasMore, error } = this.view.value
    return hasMore && error === undefined && loaded <= index && !this.stop.signal.aborted
  }

  private async loadMore(): Promise<void> {
    const { signal: mine } = this.stop
    const { cursor } = this
    this.set({ isLoading: true })
    try {
      const limit = cursor === undefined ? FIRST : FURTHER
      const page = await this.fetchPage({ ...(cursor !== undefined && { cursor }), limit, signal: mine })
      // A refresh meanwhile began a new list, to which this page does not belong.
      if (mine.aborted) return
      this.cursor = page.nextCursor
      const known = this.items
      const total = page.total ?? Math.max(this.view.value.rows.length, known.length + page.items.length)
      this.put([...known, ...page.items], total, page.folder)
    } catch (error) {
      if (!mine.aborted) this.set({ isLoading: false, error })
    }
  }

  private put(items: FileItem[], total: number, folder: FileItem | undefined): void {
    const hasMore = this.cursor !== undefined
    const rows: (FileItem | undefined)[] = items
    const loaded = items.length
    if (hasMore) rows.length = Math.max(total, loaded)
    this.set({
      rows: Array.from(rows),
      loaded,
      hasMore,
      folder: folder ?? this.view.value.folder,
      isLoading: false,
      error: undefined,
    })
  }

  private set(change: Partial<ListingView>): void {
    this.view.value = { ...this.view.value, ...change }
  }
}
