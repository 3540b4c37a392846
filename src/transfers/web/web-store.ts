import { AppError } from '../../platform/errors.ts'
import { checkPath } from '../../store/paths.ts'
import type {
  ByteRange,
  CopyOptions,
  Entry,
  FileContent,
  FileStore,
  PropertyChange,
  RelocateOptions,
  ResourceKey,
  StorePath,
  StoreQuota,
  WriteConditions,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../../store/types.ts'
import type { DavClient } from '../../store/webdav-client/dav-client.ts'
import { checksumsOfHeaders, WANT_DIGESTS } from '../../store/webdav-client/digests.ts'
import { ForeignDavStore } from './foreign-dav-store.ts'
import { HttpStore, needsWebDav } from './http-store.ts'

/** `auto`: the first answer that decides it does. */
export type WebKind = 'auto' | 'webdav' | 'http'

/** How servers without WebDAV answer PROPFIND; 403 and 404 are also what they say of anything they do not know. */
const NO_DAV = new Set([400, 403, 404, 405, 406, 411, 415, 422, 500, 501, 502])
/** Of these, the ones that a WebDAV server gives no file. */
const SURELY_NO_DAV = new Set([405, 411, 415, 501, 502])
/** How servers answer MKCOL where a folder is already; 409 is also that its parent is missing. */
const MAY_EXIST = new Set([403, 404, 405, 409, 501])
const ALL = { read: true, write: true, share: false }

export interface WebStoreOptions {
  dav: DavClient
  kind: WebKind
  /** The origin and the names of the root, by which places are told apart. */
  origin: string
  segments: readonly string[]
}

/** Whatever answers at a URL, as a `FileStore`: WebDAV where it is spoken, else plain HTTP. */
export class WebStore implements FileStore {
  private kind: WebKind
  private readonly options: WebStoreOptions
  private readonly dav: ForeignDavStore
  private readonly http: HttpStore
  /** Whether HEAD tells checksums that the listing does not. */
  private tellsDigests: boolean | undefined

  constructor(options: WebStoreOptions) {
    this.options = options
    this.kind = options.kind
    const facts = { scope: `url:${options.dav.urlOf([])}`, rights: ALL, dav: options.dav }
    this.dav = new ForeignDavStore(facts, (path) => this.stat(path))
    this.http = new HttpStore(facts)
  }

  /** What it has turned out to be. */
  get spoken(): WebKind {
    return this.kind
  }

  async stat(path: StorePath): Promise<Entry> {
    const entry = await this.either(
      () => this.dav.stat(path),
      () => this.http.stat(path),
    )
    return this.kind === 'webdav' ? await this.withDigests(path, entry) : entry
  }

  list(path: StorePath): Promise<Entry[]> {
    return this.either(
      () => this.dav.list(path),
      () => this.http.list(path),
    )
  }

  async read(path: StorePath, range?: ByteRange, signal?: AbortSignal): Promise<FileContent> {
    return this.kind === 'http' ? this.http.read(path, range, signal) : this.dav.read(path, range, signal)
  }

  async write(path: StorePath, source: WriteSource, options: WriteOptions = {}): Promise<WriteResult> {
    if (this.kind === 'auto') await this.stat(path).catch(() => undefined)
    return await this.dav.write(path, source, options)
  }

  /** A folder that is there already is no failure: servers differ too much in how they say so. */
  async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    if (this.kind === 'http') return this.http.folder(path)
    try {
      return await this.dav.makeCollection(path)
    } catch (error) {
      if (!MAY_EXIST.has(statusOf(error))) throw error
      const folder = await this.findFolder(path)
      if (folder?.kind === 'folder') return folder
      throw error
    }
  }

  /** Undefined where there is none; where WebDAV is not spoken, files need no folders. */
  private async findFolder(path: StorePath): Promise<Entry | undefined> {
    try {
      const entry = await this.dav.statFolder(path)
      this.kind = 'webdav'
      return entry
    } catch (error) {
      if (this.kind !== 'auto' || !SURELY_NO_DAV.has(statusOf(error))) return undefined
      this.kind = 'http'
      return this.http.folder(path)
    }
  }

  async move(from: StorePath, to: StorePath, options: RelocateOptions): Promise<WriteResult> {
    if (this.kind === 'http') throw needsWebDav('move', this.options.dav.host)
    return await this.dav.move(from, to, options)
  }

  async copy(from: StorePath, to: StorePath, options: CopyOptions): Promise<WriteResult> {
    if (this.kind === 'http') throw needsWebDav('copy', this.options.dav.host)
    return await this.dav.copy(from, to, options)
  }

  remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    return this.dav.remove(path, conditions)
  }

  async changeProperties(path: StorePath, changes: readonly PropertyChange[]): Promise<void> {
    if (this.kind === 'http') throw needsWebDav('keep properties', this.options.dav.host)
    await this.dav.changeProperties(path, changes)
  }

  /** Servers that tell nothing have no limit that we know of. */
  async quota(): Promise<StoreQuota> {
    if (this.kind !== 'webdav') return { usedBytes: 0 }
    return await this.dav.quota().catch((error: unknown) => {
      if (error instanceof AppError) return { usedBytes: 0 }
      throw error
    })
  }

  async locate(path: StorePath): Promise<ResourceKey> {
    checkPath(path)
    return { scope: `url:${this.options.origin}`, path: [...this.options.segments, ...path] }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  /** Tries WebDAV first as long as it is not known; a server that refuses it and answers HTTP speaks HTTP. */
  private async either<T>(viaDav: () => Promise<T>, viaHttp: () => Promise<T>): Promise<T> {
    if (this.kind === 'http') return await viaHttp()
    try {
      const answer = await viaDav()
      this.kind = 'webdav'
      return answer
    } catch (error) {
      const status = statusOf(error)
      if (this.kind === 'webdav' || !NO_DAV.has(status)) throw error
      return await this.instead(error, viaHttp)
    }
  }

  private async instead<T>(refusal: unknown, viaHttp: () => Promise<T>): Promise<T> {
    const isSure = SURELY_NO_DAV.has(statusOf(refusal))
    try {
      const answer = await viaHttp()
      this.kind = 'http'
      return answer
    } catch (error) {
      if (isSure && statusOf(error) === 404) this.kind = 'http'
      throw isSure ? error : refusal
    }
  }

  /** The checksums of one file, by HEAD where PROPFIND has none (RFC 3230, RFC 9530). */
  private async withDigests(path: StorePath, entry: Entry): Promise<Entry> {
    const isKnown = entry.kind === 'folder' || Object.keys(entry.checksums).length > 0
    if (isKnown || this.tellsDigests === false) return entry
    const request = { method: 'HEAD', path, headers: { 'Accept-Encoding': 'identity', ...WANT_DIGESTS } }
    const answer = await this.options.dav.send(request, [200]).catch(() => undefined)
    const checksums = checksumsOfHeaders(answer?.headers ?? {})
    this.tellsDigests = Object.keys(checksums).length > 0
    return { ...entry, checksums }
  }
}

/** 0 for what is no answer of the server. */
function statusOf(error: unknown): number {
  return error instanceof AppError ? error.status : 0
}
