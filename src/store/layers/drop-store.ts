import {
  ConflictError,
  ForbiddenError,
  NotFoundError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { newId, newSecret } from '../../platform/ids.ts'
import { truncateName } from '../paths.ts'
import type * as t from '../types.ts'
import { findEntry } from './wrapped-store.ts'

/** Names that are tried in order; then chance decides, so that the thousandth costs what the first did. */
const NUMBERED = 20
const BY_CHANCE = 5

/**
 * A folder that takes files and shows none: who brings one learns neither what is there nor what became of
 * it. A name that is taken is not refused, which would tell, and not overwritten: the file gets another.
 */
export class DropStore implements t.FileStore {
  private readonly next: t.FileStore

  constructor(next: t.FileStore) {
    this.next = next
  }

  /** Of the folder itself no more than that it is one. */
  async stat(path: t.StorePath): Promise<t.Entry> {
    if (path.length > 0) throw new NotFoundError('What lies here is not shown.')
    const { id, kind, createdAtMs } = await this.next.stat([])
    return { ...hidden(id), kind, createdAtMs }
  }

  async list(): Promise<t.Entry[]> {
    throw closed()
  }

  async read(): Promise<t.FileContent> {
    throw closed()
  }

  async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    const [name = ''] = path
    if (path.length !== 1) throw new ForbiddenError('This folder takes files, and no folders.')
    const free = await this.freeName(name)
    try {
      await this.next.write([free], source, { ...options, conditions: { ifNoneMatch: '*' } })
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error
      throw new ConflictError('Somebody brought a file of this name at the same moment. Send it again.')
    }
    const sizeBytes = options.sizeBytes ?? 0
    const { mtimeMs = 0 } = options
    const entry: t.Entry = { ...hidden(newId()), name, kind: 'file', sizeBytes, mtimeMs }
    return { entry, created: true }
  }

  async makeCollection(): Promise<t.Entry> {
    throw new ForbiddenError('This folder takes files, and no folders.')
  }

  async move(): Promise<t.WriteResult> {
    throw closed()
  }

  async copy(): Promise<t.WriteResult> {
    throw closed()
  }

  async remove(): Promise<void> {
    throw closed()
  }

  async changeProperties(): Promise<void> {
    throw closed()
  }

  async quota(): Promise<t.StoreQuota> {
    const { availableBytes } = await this.next.quota()
    return { usedBytes: 0, ...(availableBytes === undefined ? {} : { availableBytes }) }
  }

  /** The members have no places that locks could hang on. */
  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    const { scope } = await this.next.locate([])
    return { scope: `drop:${scope}`, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  private async freeName(name: string): Promise<string> {
    for (const candidate of candidates(name)) {
      if ((await findEntry(this.next, [candidate])) === undefined) return candidate
    }
    throw new ConflictError('There are too many files of this name. Choose another.')
  }
}

function* candidates(name: string): Generator<string> {
  yield name
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const longer = (word: string) => {
    const end = truncateName(` (${word})${extension}`, 0)
    return `${truncateName(stem, Buffer.byteLength(end))}${end}`
  }
  for (let n = 2; n <= NUMBERED; n++) yield longer(`${n}`)
  for (let n = 0; n < BY_CHANCE; n++) yield longer(newSecret(6))
}

function hidden(id: string): t.Entry {
  return {
    id,
    name: '',
    kind: 'folder',
    sizeBytes: 0,
    mtimeMs: 0,
    createdAtMs: 0,
    etag: id,
    mediaType: 'httpd/unix-directory',
    checksums: {},
    rights: { read: false, write: true, share: false },
  }
}

function closed(): ForbiddenError {
  return new ForbiddenError('This folder takes files and shows none.')
}
