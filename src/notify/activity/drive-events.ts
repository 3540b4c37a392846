/** Something that happened in a drive; the store tells it. */
export interface DriveEvent {
  kind: 'created' | 'changed' | 'moved' | 'deleted' | 'restored'
  id: string
  entryKind: 'file' | 'folder'
  /** Names from the root of the drive down. */
  path: readonly string[]
  from?: readonly string[]
  atMs?: number
  /** Of a new folder: how many new things are in it, which are not told themselves. */
  inside: number
}

/** The journals of drives. */
export interface DriveJournals {
  /** What happened after `fromSeq`, up to `toSeq`. `sinceMs`: about when the former was. */
  news(
    spaceId: string,
    stretch: { fromSeq: number; toSeq: number; sinceMs: number },
  ): AsyncIterable<DriveEvent>
}
