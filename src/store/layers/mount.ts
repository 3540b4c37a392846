import type { Entry, FileStore } from '../types.ts'

/** A store that stands at the root of a drive under a name of its own. */
export interface Mount {
  name: string
  shareId: string
  store: FileStore
  /** What to show in a listing, from what is remembered: cheap, without asking a server that may be down. */
  entry(): Entry | Promise<Entry>
}
