import { joinPath, segmentsOf } from '../dav/paths.ts'
import type { UploadItem } from './types.ts'

/** Makes the folders that files are uploaded into, each once, however many files ask for it. */
export class UploadFolders {
  private readonly known = new Map<string, Promise<void>>()
  private readonly make: (path: string) => Promise<void>

  constructor(make: (path: string) => Promise<void>) {
    this.make = make
  }

  /** Those between the folder that was chosen and the item. */
  async ensureAbove(item: UploadItem): Promise<void> {
    const below = segmentsOf(item.path).slice(segmentsOf(item.batch.folder).length, -1)
    let path = item.batch.folder
    for (const name of below) {
      path = joinPath(path, name)
      await this.ensure(path)
    }
  }

  async ensure(path: string): Promise<void> {
    const made = this.known.get(path) ?? this.make(path)
    this.known.set(path, made)
    await made.catch((error: unknown) => {
      this.known.delete(path)
      throw error
    })
  }

  /** Somebody may have removed them meanwhile. */
  forget(): void {
    this.known.clear()
  }
}
