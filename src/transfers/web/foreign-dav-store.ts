import {
  AppError,
  ConflictError,
  MethodNotAllowedError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { checkPath } from '../../store/paths.ts'
import type {
  Entry,
  StorePath,
  WriteConditions,
  WriteOptions,
  WriteResult,
  WriteSource,
} from '../../store/types.ts'
import { isMadeUpEtag, toDavEntry } from '../../store/webdav-client/dav-entry.ts'
import { DavStore, type DavStoreOptions } from '../../store/webdav-client/dav-store.ts'

/** Any WebDAV server: what RFC 4918 leaves open is taken as the strictest servers want it. */
export class ForeignDavStore extends DavStore {
  /** How an entry is asked for after a change. */
  private readonly statNow: (path: StorePath) => Promise<Entry>

  constructor(options: DavStoreOptions, statNow: (path: StorePath) => Promise<Entry>) {
    super(options)
    this.statNow = statNow
  }

  /** nginx wants the slash at the end of a folder's address; elsewhere it does no harm (RFC 4918 5.2). */
  override async makeCollection(path: StorePath): Promise<Entry> {
    checkPath(path)
    if (path.length === 0) throw new MethodNotAllowedError('The root is there already.')
    await this.options.dav.send({ method: 'MKCOL', path, isFolder: true }, [200, 201])
    return await this.statFolder(path)
  }

  /** A folder at the address with a slash at its end, the only one that some servers know it by. */
  async statFolder(path: StorePath): Promise<Entry> {
    const { self } = await this.options.dav.propfind(path, '0', { isFolder: true })
    return toDavEntry(self, path, this.options)
  }

  override async write(
    path: StorePath,
    source: WriteSource,
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    const conditions = await this.settleMadeUp(path, options.conditions)
    try {
      return await super.write(path, source, {
        ...options,
        ...(conditions === undefined ? {} : { conditions }),
      })
    } catch (error) {
      // 400 is also our own judgement of the bytes. When the server is away, the failed upload is what counts.
      if (!(error instanceof AppError) || error.status === 400)
        await this.removeHalf(path, options).catch(() => undefined)
      throw error
    }
  }

  override async remove(path: StorePath, conditions?: WriteConditions): Promise<void> {
    const settled = await this.settleMadeUp(path, conditions)
    try {
      await super.remove(path, settled)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      await this.options.dav.send({ method: 'DELETE', path, isFolder: true }, [200, 202, 204])
    }
  }

  protected override async changed(path: StorePath, created: boolean): Promise<WriteResult> {
    return { entry: await this.statNow(path), created }
  }

  /** An etag that we made up is compared here, because the server has never heard of it. */
  private async settleMadeUp(
    path: StorePath,
    conditions: WriteConditions | undefined,
  ): Promise<WriteConditions | undefined> {
    const { ifMatch, ...rest } = conditions ?? {}
    if (ifMatch === undefined || ifMatch === '*' || !ifMatch.some(isMadeUpEtag)) return conditions
    const { etag } = await this.statNow(path)
    if (ifMatch.includes(etag)) return rest
    throw new PreconditionFailedError('It was changed meanwhile at its server. Fetch it again first.')
  }

  /** A server that keeps what has come of a broken upload is relieved of it, where nothing was there before. */
  private async removeHalf(path: StorePath, options: WriteOptions): Promise<void> {
    if (options.conditions?.ifNoneMatch !== '*' || options.sizeBytes === undefined) return
    const entry = await this.statNow(path)
    const isHalf = entry.kind === 'file' && entry.sizeBytes < options.sizeBytes
    if (isHalf) await this.remove(path, { ifMatch: [entry.etag] })
  }
}
