import { ForbiddenError, MethodNotAllowedError } from '../../platform/errors.ts'
import { checkPath } from '../paths.ts'
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
  StorePath,
  StoreQuota,
  WriteConditions,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../types.ts'
import { type DavClient, propfindBody } from './dav-client.ts'
import { type DavRootFacts, toDavEntry } from './dav-entry.ts'
import { changeProperties, readProperties } from './dav-properties.ts'
import { readDav } from './dav-read.ts'
import { conditionHeaders, writeDav } from './dav-write.ts'

const QUOTA_BODY = propfindBody('<d:quota-used-bytes/><d:quota-available-bytes/>')

export interface DavStoreOptions extends DavRootFacts {
  dav: DavClient
  /** Called after every change made through this store. */
  onChange?: () => void
}

/**
 * What lies below an address of another server as a `FileStore`: every call is one WebDAV request there,
 * bytes are streamed through. The root may be a single file. Errors besides the usual: code
 * `REMOTE_UNREACHABLE` when the server is away.
 */
export class DavStore implements FileStore {
  protected readonly options: DavStoreOptions

  constructor(options: DavStoreOptions) {
    this.options = options
  }

  async stat(path: StorePath, options: ListOptions = {}): Promise<Entry> {
    if (!options.withProperties) return await this.ask(path)
    const [entry, { self }] = await Promise.all([this.ask(path), readProperties(this.options.dav, path, '0')])
    return { ...entry, properties: self }
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
      const entry = toDavEntry(resource, [...path, name], this.options)
      return known === undefined ? entry : { ...entry, properties: known.members.get(name) ?? [] }
    })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    checkPath(path)
    return await readDav(this.options, path, { range, signal, stat: () => this.stat(path) })
  }

  async write(path: StorePath, source: WriteSource, options: WriteOptions = {}): Promise<WriteResult> {
    checkPath(path)
    const created = await writeDav(this.options.dav, path, source, options)
    return await this.changed(path, created)
  }

  async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    if (path.length === 0) throw new MethodNotAllowedError('The root is there already.')
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
    const { self } = await this.options.dav.propfind([], '0', { body: QUOTA_BODY })
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
    return { scope: this.options.scope, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  protected async relocate(
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

  protected async changed(path: StorePath, created: boolean): Promise<WriteResult> {
    this.options.onChange?.()
    return { entry: await this.ask(path), created }
  }

  private async ask(path: StorePath, signal?: AbortSignal): Promise<Entry> {
    checkPath(path)
    const { self } = await this.options.dav.propfind(path, '0', { signal })
    return toDavEntry(self, path, this.options)
  }

  /** The root is not the user's to take away. */
  protected refuseRoot(path: StorePath): void {
    if (path.length > 0) return
    throw new ForbiddenError('The root of another server cannot be replaced, moved or deleted.')
  }
}
