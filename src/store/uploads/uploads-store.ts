import { ForbiddenError, MethodNotAllowedError, NotFoundError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { FOLDER_MEDIA_TYPE } from '../entries.ts'
import type * as t from '../types.ts'
import { parsePartNumber } from './names.ts'
import type { Upload, UploadPart } from './types.ts'
import type { UploadArea } from './upload-area.ts'

const RIGHTS: t.Rights = { read: true, write: true, share: false }

/**
 * A user's unfinished uploads as a tree of files: folders with parts in them. Parts can be listed, written
 * and removed, not read or moved; what becomes of the whole is `UploadArea.assemble`.
 */
export class UploadsStore implements t.FileStore {
  private readonly area: UploadArea
  /** What unfinished uploads may hold in all; undefined: no limit but the disk. */
  private readonly limitBytes: () => Promise<number | undefined>

  constructor(area: UploadArea, limitBytes: () => Promise<number | undefined>) {
    this.area = area
    this.limitBytes = limitBytes
  }

  async stat([id, partName, ...rest]: t.StorePath): Promise<t.Entry> {
    if (id === undefined) return toFolder('', { id: this.area.userId, mtimeMs: 0 }, 0)
    if (partName === undefined) return this.uploadEntry(await this.area.get(id))
    const part = isNumber(partName) ? await this.area.findPart(id, parsePartNumber(partName)) : undefined
    if (part === undefined || rest.length > 0) throw new NotFoundError('There is no such part.')
    return toFile(id, part)
  }

  async list([id, partName]: t.StorePath): Promise<t.Entry[]> {
    if (partName !== undefined) throw new MethodNotAllowedError('A part has no members.')
    if (id !== undefined) return (await this.area.parts(id)).map((part) => toFile(id, part))
    return Promise.all((await this.area.list()).map((upload) => this.uploadEntry(upload)))
  }

  async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    const [id, partName, ...rest] = path
    if (id === undefined || partName === undefined || rest.length > 0 || 'staged' in source) {
      throw new MethodNotAllowedError('Only parts of an upload can be written here.')
    }
    const number = parsePartNumber(partName)
    const created = (await this.area.findPart(id, number)) === undefined
    const limitBytes = (await this.limitBytes()) ?? Number.POSITIVE_INFINITY
    const part = await this.area.writePart(id, number, source, { ...options, limitBytes })
    return { entry: toFile(id, part), created }
  }

  async makeCollection([id, ...rest]: t.StorePath): Promise<t.Entry> {
    if (id === undefined || rest.length > 0) throw new MethodNotAllowedError('An upload has no folders.')
    return this.uploadEntry(await this.area.create(id, {}))
  }

  async remove([id, partName]: t.StorePath): Promise<void> {
    if (id === undefined) throw refused()
    if (partName === undefined) await this.area.remove(id)
    else await this.area.removePart(id, parsePartNumber(partName))
  }

  /** What parts may still be sent; the drive's own room is judged when the file is put there. */
  async quota(): Promise<t.StoreQuota> {
    const [usedBytes, limitBytes] = [await this.area.usedBytes(), await this.limitBytes()]
    return limitBytes === undefined
      ? { usedBytes }
      : { usedBytes, availableBytes: Math.max(0, limitBytes - usedBytes) }
  }

  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    return { scope: `uploads:${this.area.userId}`, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  async read(): Promise<never> {
    throw new MethodNotAllowedError('Parts of an upload cannot be read.')
  }

  async move(): Promise<never> {
    throw refused()
  }

  async copy(): Promise<never> {
    throw refused()
  }

  async changeProperties(): Promise<never> {
    throw refused()
  }

  private async uploadEntry(upload: Upload): Promise<t.Entry> {
    const parts = await this.area.parts(upload.id)
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    return toFolder(upload.id, upload, sizeBytes)
  }
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function refused(): ForbiddenError {
  return new ForbiddenError('Unfinished uploads can be written, finished and deleted, nothing else.')
}

function toFolder(name: string, { id, mtimeMs }: Upload, sizeBytes: number): t.Entry {
  return { ...common(`upload-${id}`, name, mtimeMs), kind: 'folder', sizeBytes, mediaType: FOLDER_MEDIA_TYPE }
}

function toFile(uploadId: string, { number, sizeBytes, mtimeMs }: UploadPart): t.Entry {
  const name = `${number}`
  const mediaType = 'application/octet-stream'
  return { ...common(`upload-${uploadId}-${name}`, name, mtimeMs), kind: 'file', sizeBytes, mediaType }
}

function common(id: string, name: string, timeMs: number) {
  const mtimeMs = Math.floor(timeMs)
  const etag = sha256Hex(`${id} ${timeMs}`).slice(0, 24)
  return { id, name, mtimeMs, createdAtMs: mtimeMs, etag, checksums: {}, rights: { ...RIGHTS } }
}
