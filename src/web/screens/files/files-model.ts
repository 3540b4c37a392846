import { signal } from '@preact/signals'
import type { FileItem } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { type FetchPage, Listing } from './listing.ts'
import { afterChange, chooseAll, chooseNone, NOTHING, type Selection } from './selection.ts'

export type SortColumn = 'name' | 'size' | 'modified'

/** What is shown: a folder, perhaps only some of it, or what a search finds in the whole drive. */
export interface FilesQuery {
  path: string
  sort: SortColumn
  order: 'asc' | 'desc'
  /** Only names in this folder with this part. */
  filter: string
  /** Looks for this in the whole drive instead. */
  search: string
}

/** The row whose menu is open, and where on the screen. */
export interface OpenMenu {
  item: FileItem
  x: number
  y: number
}

/** The state of the list on the screen: rows, what is chosen, what is being renamed. */
export class FilesModel {
  readonly query: FilesQuery
  readonly listing: Listing
  readonly selection = signal<Selection<FileItem>>(NOTHING)
  /** The path of the row whose name is being changed. */
  readonly editing = signal<string | undefined>(undefined)
  readonly menu = signal<OpenMenu | undefined>(undefined)
  /** All are being loaded because all are to be chosen. */
  readonly isChoosingAll = signal(false)

  constructor(query: FilesQuery) {
    this.query = query
    this.listing = new Listing(query.search === '' ? folderPages(query) : searchPages(query))
  }

  get active(): FileItem | undefined {
    return this.listing.view.value.rows[this.selection.value.active]
  }

  /** What an action is about: what is chosen, else the row the keyboard is on. */
  get targets(): FileItem[] {
    const { chosen } = this.selection.value
    if (chosen.size > 0) return [...chosen.values()]
    return this.active === undefined ? [] : [this.active]
  }

  async chooseAll(): Promise<void> {
    this.isChoosingAll.value = true
    try {
      await this.listing.loadAll()
      this.selection.value = chooseAll(this.selection.value, this.listing.items)
    } finally {
      this.isChoosingAll.value = false
    }
  }

  chooseNone(): void {
    this.selection.value = chooseNone(this.selection.value)
  }

  /** Rows that are gone, or about to be. */
  remove(paths: ReadonlySet<string>): void {
    this.listing.remove(paths)
    this.selection.value = afterChange(this.selection.value, paths, this.listing.view.value.rows.length)
  }

  async refresh(): Promise<void> {
    await this.listing.refresh()
    const { rows } = this.listing.view.value
    this.selection.value = afterChange(this.selection.value, new Set(), rows.length)
  }

  /** Puts the keyboard on the row of this path, if it is loaded. */
  goToPath(path: string): void {
    const index = this.listing.items.findIndex((item) => item.path === path)
    if (index >= 0) this.selection.value = { ...this.selection.value, active: index, anchor: index }
  }
}

function folderPages({ path, sort, order, filter }: FilesQuery): FetchPage {
  return ({ signal: stop, ...page }) =>
    api.listFiles({
      query: { path, sort, order, ...(filter !== '' && { q: filter }), ...page },
      signal: stop,
    })
}

function searchPages({ search }: FilesQuery): FetchPage {
  return ({ signal: stop, limit, ...page }) =>
    api.searchFiles({ query: { q: search, limit, ...page }, signal: stop })
}
