import { ForbiddenError, MethodNotAllowedError } from '../platform/errors.ts'
import { checkPath } from '../store/paths.ts'
import type {
  ByteRange,
  CopyOptions,
  Entry,
  FileContent,
  FileStore,
  ListOptions,
  PropertyChange,
  RelocateOptions,
  ResourceKey,
  Rights,
  StorePath,
  StoreQuota,
  WriteConditions,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../store/types.ts'
import type { RemoteDav } from './remote-dav.ts'
import { toRemoteEntry } from './remote-entry.ts'
import { changeProperties, readProperties } from './remote-properties.ts'
import { readRemote } from './remote-read.ts'
import { findRights } from './remote-rights.ts'
import { conditionHeaders, writeRemote } from './remote-write.ts'

export interface RemoteShareOptions {
  /** Id of the received share. */
  shareId: string
  rights: Rights
  dav: RemoteDav
  /** Called after every change made through this store. */
  onChange?: () => void
}

/**
 * A share on another server as a `FileStore`: every call is one WebDAV request there, bytes are streamed
 * through. The root may be a single file. Errors besides the usual: code `REMOTE_UNREACHABLE` when the
 * server is away, `SHARE_GONE` when it no longer lets us in.
 */
export class RemoteShareStore implements FileStore {
  private readonly options: RemoteShareOptions

  constructor(options: RemoteShareOptions) {
    this.options = options
  }

  async stat(path: StorePath, options: ListOptions = {}): Promise<Entry> {
    if (!options.withProperties) return await this.ask(path)
    const [entry, { self }] = await Promise.all([this.ask(path), readProperties(this.options.dav, path, '0')])
    return { ...entry, properties: self }
  }

  /**
   * What the root is now, with the rights that its server tells, where it tells any; the signal ends the wait
   * for a server that is slow.
   */
  async statRoot(signal: AbortSignal): Promise<Entry> {
    const { self } = await this.options.dav.propfind([], '0', { what: 'root', signal })
    return { ...toRemoteEntry(self, [], this.options), rights: findRights(self) ?? this.options.rights }
  }

  async list(path: StorePath, options: ListOptions = {}): Promise<Entry[]> {
    checkPath(path)
    const { dav } = this.options
    const [{ self, members }, known] = await Promise.all([
      dav.propfind(path, '1'),
      options.withProperties ? readProperties(dav, path, '1') : undefined,
    ])
    if (!self.isCollection) throw new MethodNotAllowedError('A file has no members to list.')
    const entries = [...members].map(([name, resource]) => {
      const entry = toRemoteEntry(resource, [...path, name], this.options)
      return known === undefined ? entry : { ...entry, properties: known.members.get(name) ?? [] }
    })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    checkPath(path)
    return await readRemote(this.options, path, { range, signal, stat: () => this.stat(path) })
  }

  async write(path: StorePath, source: WriteSource, options: WriteOptions = {}): Promise<WriteResult> {
    checkPath(path)
    const created = await writeRemote(this.options.dav, path, source, options)
    return await this.changed(path, created)
  }

  async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    if (path.length === 0) throw new MethodNotAllowedError('The root of the share is there already.')
    await this.options.dav.send({ method: 'MKCOL', path }, [200, 201])
    return (await this.changed(path, true)).entry
  }

  async move(from: StorePath, to: StorePath, options: RelocateOptions): Promise<WriteResult> {
    return await this.relocate('MOVE', from, to, { Overwrite: options.overwrite ? 'T' : 'F' })
  }

  async copy(from: StorePath, to: StorePath, options: CopyOptions): Promise<WriteResult> {
    return await this.relocate('COPY', from, to, {
      Overwrite: options.overwrite ? 'T' : 'F',
      Depth: options.depth ?? 'infinity',
    })
  }

  async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    checkPath(path)
    this.refuseRoot(path)
    await this.options.dav.send(
      { method: 'DELETE', path, headers: conditionHeaders(conditions) },
      [200, 202, 204],
    )
  }

  async changeProperties(path: StorePath, changes: readonly PropertyChange[]): Promise<void> {
    checkPath(path)
    await changeProperties(this.options.dav, path, changes)
  }

  async quota(): Promise<StoreQuota> {
    const { self } = await this.options.dav.propfind([], '0', { what: 'quota' })
    const used = self.properties.get('DAV:quota-used-bytes') ?? ''
    const available = self.properties.get('DAV:quota-available-bytes') ?? ''
    return {
      usedBytes: /^\d+$/.test(used) ? Number(used) : 0,
      // Negative numbers are ownCloud's way to say unknown or unlimited.
      ...(/^\d+$/.test(available) ? { availableBytes: Number(available) } : {}),
    }
  }

  async locate(path: StorePath): Promise<ResourceKey> {
    checkPath(path)
    return { scope: `share:${this.options.shareId}`, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  private async relocate(
    method: 'MOVE' | 'COPY',
    from: StorePath,
    to: StorePath,
    headers: Record<string, string>,
  ): Promise<WriteResult> {
    checkPath(from)
    checkPath(to)
    if (method === 'MOVE') this.refuseRoot(from)
    this.refuseRoot(to)
    const { dav } = this.options
    const request = { method, path: from, headers: { Destination: dav.urlOf(to), ...headers } }
    const answer = await dav.send(request, [201, 204])
    return await this.changed(to, answer.status === 201)
  }

  private async changed(path: StorePath, created: boolean): Promise<WriteResult> {
    this.options.onChange?.()
    return { entry: await this.ask(path), created }
  }

  private async ask(path: StorePath, signal?: AbortSignal): Promise<Entry> {
    checkPath(path)
    const { self } = await this.options.dav.propfind(path, '0', { signal })
    return toRemoteEntry(self, path, this.options)
  }

  /** The root belongs to the owner; leaving the share is another thing and done elsewhere. */
  private refuseRoot(path: StorePath): void {
    if (path.length > 0) return
    throw new ForbiddenError(
      'The root of a share cannot be replaced, moved or deleted; leave the share instead.',
    )
  }
}
