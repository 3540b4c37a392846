import { ForbiddenError, MethodNotAllowedError, PreconditionFailedError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { pageOf } from '../browse/page.ts'
import { byName } from '../entries.ts'
import { checkPath, formatPath, isWithin } from '../paths.ts'
import type * as t from '../types.ts'
import { copyAcross } from './copy-across.ts'
import type { Mount } from './mount.ts'
import { changesWithMounts, withMountsMark } from './mounted-changes.ts'
import { pageWithMounts } from './mounted-page.ts'
import { moveAcross } from './move-across.ts'
import { findEntry } from './wrapped-store.ts'

export interface MountedStoreOptions {
  home: t.FileStore
  /** The mounts at the time of asking. */
  mounts: () => Promise<readonly Mount[]> | readonly Mount[]
  /** Somebody removed the root of a mount: they leave the share. */
  onUnmount: (shareId: string) => Promise<void>
  onRename: (shareId: string, newName: string) => Promise<void>
}

/** A side of a path: the store it belongs to, and the path in there. */
interface Place {
  store: t.FileStore
  path: t.StorePath
  mount?: Mount
}

/** A home drive with received shares at its root. A mount hides what stands in the home by the same name. */
export class MountedStore implements t.FileStore {
  private readonly options: MountedStoreOptions

  constructor(options: MountedStoreOptions) {
    this.options = options
  }

  async stat(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry> {
    const { store, path: inner, mount } = await this.place(path)
    const entry = await store.stat(inner, options)
    if (path.length === 0) return { ...entry, etag: await this.rootEtag(entry) }
    return mount === undefined || inner.length > 0 ? entry : mounted(mount, entry)
  }

  async list(path: t.StorePath, options?: t.ListOptions): Promise<t.Entry[]> {
    const { store, path: inner } = await this.place(path)
    const entries = await store.list(inner, options)
    return path.length === 0 ? await this.withMounts(entries, options) : entries
  }

  async read(path: t.StorePath, range?: t.ByteRange, signal?: AbortSignal): Promise<t.FileContent> {
    const { store, path: inner, mount } = await this.place(path)
    const content = await store.read(inner, range, signal)
    if (mount === undefined || inner.length > 0) return content
    return { ...content, entry: mounted(mount, content.entry) }
  }

  async write(path: t.StorePath, source: t.WriteSource, options?: t.WriteOptions): Promise<t.WriteResult> {
    const { store, path: inner, mount } = await this.place(path)
    const { entry, created } = await store.write(inner, source, options)
    return { created, entry: mount === undefined || inner.length > 0 ? entry : mounted(mount, entry) }
  }

  async makeCollection(path: t.StorePath): Promise<t.Entry> {
    const { store, path: inner, mount } = await this.place(path)
    if (mount !== undefined && inner.length === 0) {
      throw new MethodNotAllowedError(`There is something at ${formatPath(path)} already.`)
    }
    return await store.makeCollection(inner)
  }

  /** Between home and mount: copy and remove. The root of a mount is renamed within the root, or stays. */
  async move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): Promise<t.WriteResult> {
    const source = await this.place(from)
    const target = await this.place(to)
    this.checkDestination(from, to, target)
    if (source.mount !== undefined && source.path.length === 0) {
      return await this.renameMount(source.mount, from, to)
    }
    if (source.store === target.store) return await source.store.move(source.path, target.path, options)
    const knowsFolders = source.mount === undefined
    return await moveAcross({ ...source, shown: from, knowsFolders }, { ...target, shown: to }, options)
  }

  async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    const source = await this.place(from)
    const target = await this.place(to)
    this.checkDestination(from, to, target)
    if (source.store === target.store) return await source.store.copy(source.path, target.path, options)
    return await copyAcross(source, target, options)
  }

  async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    const { store, path: inner, mount } = await this.place(path)
    if (mount !== undefined && inner.length === 0) await this.options.onUnmount(mount.shareId)
    else await store.remove(inner, conditions)
  }

  async changeProperties(
    path: t.StorePath,
    changes: readonly t.PropertyChange[],
    times?: t.FileTimes,
  ): Promise<void> {
    const { store, path: inner } = await this.place(path)
    await store.changeProperties(inner, changes, times)
  }

  async quota(): Promise<t.StoreQuota> {
    return await this.options.home.quota()
  }

  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    const { store, path: inner } = await this.place(path)
    return await store.locate(inner)
  }

  async inTurn<T>(path: t.StorePath, work: () => Promise<T>): Promise<T> {
    const { store, path: inner } = await this.place(path)
    return await (store.inTurn?.(inner, work) ?? work())
  }

  async stagingFolder(path: t.StorePath): Promise<string | undefined> {
    const { store, path: inner } = await this.place(path)
    return await store.stagingFolder(inner)
  }

  async changes(path: t.StorePath, query: t.ChangesQuery): Promise<t.ChangesPage | undefined> {
    const { store, path: inner } = await this.place(path)
    if (path.length > 0) return await store.changes?.(inner, query)
    return await changesWithMounts(store, await this.options.mounts(), query)
  }

  async syncToken(path: t.StorePath): Promise<string | undefined> {
    const { store, path: inner } = await this.place(path)
    const token = await store.syncToken?.(inner)
    if (token === undefined || path.length > 0) return token
    return withMountsMark(token, await this.options.mounts())
  }

  async page(path: t.StorePath, query: t.PageQuery): Promise<t.EntryPage> {
    const { store, path: inner } = await this.place(path)
    if (path.length > 0) return await pageOf(store, inner, query)
    return await pageWithMounts(store, await this.options.mounts(), query)
  }

  private async place(path: t.StorePath): Promise<Place> {
    checkPath(path)
    const mount = path.length === 0 ? undefined : await this.findMount(path[0] as string)
    if (mount === undefined) return { store: this.options.home, path }
    return { store: mount.store, path: path.slice(1), mount }
  }

  private async findMount(name: string): Promise<Mount | undefined> {
    return (await this.options.mounts()).find((mount) => mount.name === name)
  }

  /** A mount that cannot even say what it remembers is left out: it must not break the rest. */
  private async withMounts(home: t.Entry[], options: t.ListOptions = {}): Promise<t.Entry[]> {
    const mounts = await this.options.mounts()
    const found = await Promise.allSettled(mounts.map(async (mount) => mounted(mount, await mount.entry())))
    const entries = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    const shown = options.withProperties ? entries.map((entry) => ({ properties: [], ...entry })) : entries
    const names = new Set(mounts.map((mount) => mount.name))
    return [...home.filter((entry) => !names.has(entry.name)), ...shown].sort(byName)
  }

  /** Sync clients look at the root's etag alone, so it must change with every mount's. */
  private async rootEtag(home: t.Entry): Promise<string> {
    const mounts = await this.options.mounts()
    if (mounts.length === 0) return home.etag
    const found = await Promise.allSettled(mounts.map(async (mount) => (await mount.entry()).etag))
    const etags = found.map((one, index) => [
      mounts[index]?.name,
      one.status === 'fulfilled' ? one.value : '',
    ])
    return sha256Hex(JSON.stringify([home.etag, etags])).slice(0, 24)
  }

  private checkDestination(from: t.StorePath, to: t.StorePath, target: Place): void {
    if (from.length === 0 || to.length === 0)
      throw new ForbiddenError('The root of a drive stays where it is.')
    if (isWithin(to, from) || isWithin(from, to)) {
      throw new ForbiddenError(
        `${formatPath(from)} and ${formatPath(to)} are the same or lie in one another.`,
      )
    }
    if (target.mount === undefined || target.path.length > 0) return
    throw new ForbiddenError(`${formatPath(to)} was shared with you; nothing can be put in its place.`)
  }

  private async renameMount(mount: Mount, from: t.StorePath, to: t.StorePath): Promise<t.WriteResult> {
    if (to.length !== 1) {
      throw new ForbiddenError(`${formatPath(from)} was shared with you; it can be renamed but not moved.`)
    }
    if ((await findEntry(this.options.home, to)) !== undefined) {
      throw new PreconditionFailedError(`Something is at ${formatPath(to)} already.`)
    }
    const name = to[0] as string
    await this.options.onRename(mount.shareId, name)
    return { entry: mounted({ ...mount, name }, await mount.entry()), created: true }
  }
}

function mounted({ name, shareId }: Pick<Mount, 'name' | 'shareId'>, entry: t.Entry): t.Entry {
  return { ...entry, name, mount: { kind: 'share', shareId } }
}
