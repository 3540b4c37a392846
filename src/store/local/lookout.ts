import { UnavailableError } from '../../platform/errors.ts'
import type { FileRow } from '../catalogue/file-index.ts'
import type { StorePath } from '../types.ts'
import { readFolder } from './folder-reader.ts'
import { compare, type IndexSync } from './index-sync.ts'
import type { SpaceContext } from './space-context.ts'

/** Entries that are compared with the disk at once. */
const BATCH = 32
/** From here on a folder is read as a whole rather than file by file. */
const MANY = 8
/** Files that one round compares; folders are compared in every round, all of them. */
const FILES_PER_ROUND = 20_000
/** Rounds take no more than this part of the time, however large the tree or slow the disk. */
const REST_FACTOR = 20
/** How long a round lets those go first who ask for something else than the root. */
const POLITE_MS = 250
/** Members of a folder that are held at once. */
const PAGE = 1_000
/** How long somebody who asks for the root waits for a round: enough for a few thousand folders. */
const PATIENCE_MS = 250

interface Folder {
  id: string
  path: StorePath
}

/**
 * Notices what others changed where nobody looks. Somebody who asks for a folder starts a round through the
 * tree; it runs beside the requests, one at a time. What changed is taken over as if it had been listed.
 */
export class Lookout {
  private readonly space: SpaceContext
  private readonly sync: IndexSync
  private readonly everyMs: number
  private readonly stopping = new AbortController()
  private round: { work: Promise<void>; startMs: number } | undefined
  private hurry = new AbortController()
  private nextAtMs = 0
  /** The folder, counted in the order of a round, at which the next round goes on with files. */
  private filesFrom = 0

  /** `everyMs`: the shortest time between two rounds. */
  constructor(space: SpaceContext, sync: IndexSync, everyMs: number) {
    this.space = space
    this.sync = sync
    this.everyMs = everyMs
  }

  /** Begins a round when it is time for one, a moment later: whoever asks now is answered first. */
  look(): void {
    if (this.round !== undefined || this.stopping.signal.aborted) return
    const startMs = this.space.clock.nowMs()
    if (startMs < this.nextAtMs) return
    this.hurry = new AbortController()
    const wake = AbortSignal.any([this.hurry.signal, this.stopping.signal])
    // Whoever asks for what is broken is told so; the round only does not go on.
    const work = this.space.clock
      .wait(POLITE_MS, wake)
      .catch(() => undefined)
      .then(() => this.walk())
      .catch(() => undefined)
      .finally(() => {
        const endMs = this.space.clock.nowMs()
        this.nextAtMs = Math.max(startMs + this.everyMs, endMs + (endMs - startMs) * REST_FACTOR)
        this.round = undefined
      })
    this.round = { work, startMs }
  }

  /** The same for those who look at the root alone; they wait a moment, so that small trees are true at once. */
  async lookFirst(): Promise<void> {
    this.look()
    this.hurry.abort()
    if (this.round === undefined) return
    const { work, startMs } = this.round
    const leftMs = startMs + PATIENCE_MS - this.space.clock.nowMs()
    if (leftMs <= 0) return
    const done = new AbortController()
    await Promise.race([work, this.space.clock.wait(leftMs, done.signal).catch(() => undefined)])
    done.abort()
  }

  /** Resolves when no round runs and none will begin. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.round?.work
  }

  private async walk(): Promise<void> {
    const [root] = await this.sync.fresh([], true)
    const waiting: Folder[] = root === undefined ? [] : [{ id: root.id, path: [] }]
    let filesLeft = FILES_PER_ROUND
    let count = 0
    let filesFrom = 0
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop(), count++) {
      if (this.stopping.signal.aborted) return
      const withFiles = count >= this.filesFrom && filesLeft > 0
      for await (const members of this.pagesOf(folder, withFiles)) {
        await this.takeOver(folder.path, members).catch(beyondUs)
        if (withFiles) filesLeft -= members.length
      }
      waiting.push(...toFolders(folder.path, await this.space.index.folders(folder.id)))
      if (withFiles && filesLeft <= 0) filesFrom = count + 1
    }
    this.filesFrom = filesFrom < count ? filesFrom : 0
  }

  /** The members of a folder, all or the folders only, never too many at once. */
  private async *pagesOf({ id }: Folder, withFiles: boolean): AsyncGenerator<FileRow[]> {
    if (!withFiles) return yield await this.space.index.folders(id)
    let after = ''
    while (true) {
      const page = await this.space.index.membersAfter(id, after, PAGE)
      yield page
      if (page.length < PAGE) return
      after = page.at(-1)?.name ?? ''
    }
  }

  /** Compares members of a folder with the disk and takes over what was not as the index says. */
  private async takeOver(path: StorePath, members: readonly FileRow[]): Promise<void> {
    const changed = await this.listChanged(path, members)
    const files = changed.filter(({ kind }) => kind === 'file')
    if (files.length > MANY) await this.readWhole(path)
    const others = files.length > MANY ? changed.filter(({ kind }) => kind === 'folder') : changed
    for (const { name } of others) await this.sync.fresh([...path, name], true)
  }

  private async listChanged(path: StorePath, members: readonly FileRow[]): Promise<FileRow[]> {
    const changed: FileRow[] = []
    for (let start = 0; start < members.length && !this.stopping.signal.aborted; start += BATCH) {
      const batch = members.slice(start, start + BATCH)
      const found = await this.space.disk.factsOfMembers(
        path,
        batch.map(({ name }) => name),
      )
      for (const [index, row] of batch.entries()) {
        const facts = found[index]
        if (facts === undefined || compare(row, facts) !== 'same') changed.push(row)
      }
    }
    return changed
  }

  private async readWhole(path: StorePath): Promise<void> {
    await this.space.queue.run(async () => {
      const chain = await this.sync.refresh(path)
      if (chain[path.length]?.kind === 'folder') {
        await readFolder(this.space, path, chain, { namesFirst: false })
      }
    })
  }
}

/** A folder that the node may not read hides nothing but itself; a disk that is gone ends the round. */
function beyondUs(error: unknown): void {
  if (error instanceof UnavailableError) throw error
}

function toFolders(path: StorePath, rows: readonly FileRow[]): Folder[] {
  return rows.filter(({ kind }) => kind === 'folder').map(({ id, name }) => ({ id, path: [...path, name] }))
}
