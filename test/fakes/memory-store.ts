import { randomUUID } from 'node:crypto'
import * as errors from '../../src/platform/errors.ts'
import { checkPath, formatPath, isWithin } from '../../src/store/paths.ts'
import type * as t from '../../src/store/types.ts'

interface Node {
  id: string
  etag: string
  mtimeMs: number
  mediaType: string
  content?: Buffer
  members?: Map<string, Node>
  properties: Map<string, t.DeadProperty>
}

/** A store in memory, written from the interface alone: the model others are compared with, and a mount. */
export class MemoryStore implements t.FileStore {
  private readonly root = folder()
  private readonly scope = `memory:${randomUUID()}`

  async stat(path: t.StorePath, options: t.ListOptions = {}): Promise<t.Entry> {
    return toEntry(this.get(path), path.at(-1) ?? '', options)
  }

  async list(path: t.StorePath, options: t.ListOptions = {}): Promise<t.Entry[]> {
    const { members } = this.get(path)
    if (members === undefined) throw new errors.MethodNotAllowedError('a file')
    const names = [...members.keys()].sort((a, b) => (a < b ? -1 : 1))
    return names.map((name) => toEntry(members.get(name) as Node, name, options))
  }

  async read(path: t.StorePath, range?: t.ByteRange): Promise<t.FileContent> {
    const { content } = this.get(path)
    if (content === undefined) throw new errors.MethodNotAllowedError('a folder')
    const start = range?.start ?? 0
    const end = Math.min(range?.end ?? content.length - 1, content.length - 1)
    if (range !== undefined && (start > end || start < 0))
      throw new errors.RangeNotSatisfiableError(content.length)
    return { entry: await this.stat(path), range: { start, end }, body: content.subarray(start, end + 1) }
  }

  async write(
    path: t.StorePath,
    source: t.WriteSource,
    options: t.WriteOptions = {},
  ): Promise<t.WriteResult> {
    checkPath(path)
    if ('staged' in source) throw new errors.BadRequestError('a memory store adopts nothing')
    this.checkWrite(path, options)
    const chunks: Uint8Array[] = []
    for await (const chunk of source) {
      options.signal?.throwIfAborted()
      chunks.push(chunk)
    }
    options.signal?.throwIfAborted()
    const content = Buffer.concat(chunks)
    if (content.length !== (options.sizeBytes ?? content.length)) throw new errors.BadRequestError('length')
    await checkDeclared(content, options.expected)
    const present = this.checkWrite(path, options)
    const node = present ?? { ...folder(), members: undefined }
    const mtimeMs = options.mtimeMs ?? Date.now()
    Object.assign(node, {
      content,
      mtimeMs,
      etag: randomUUID(),
      mediaType: options.mediaType ?? 'text/plain',
    })
    delete (node as Node).members
    this.put(path, node as Node)
    return { entry: await this.stat(path), created: present === undefined }
  }

  private checkWrite(path: t.StorePath, options: t.WriteOptions): Node | undefined {
    if (path.length === 0) throw new errors.MethodNotAllowedError('a folder')
    this.membersOfParent(path)
    const present = this.find(path)
    if (present?.members !== undefined) throw new errors.MethodNotAllowedError('a folder')
    check(present, options.conditions)
    return present
  }

  async makeCollection(path: t.StorePath): Promise<t.Entry> {
    checkPath(path)
    if (this.find(path) !== undefined) throw new errors.MethodNotAllowedError('exists')
    this.membersOfParent(path)
    this.put(path, folder())
    return await this.stat(path)
  }

  async move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): Promise<t.WriteResult> {
    checkPath(to)
    const isCreated = this.checkRelocation(from, to, options)
    const node = this.get(from)
    this.take(from)
    this.put(to, node)
    return { entry: await this.stat(to), created: isCreated }
  }

  async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions): Promise<t.WriteResult> {
    checkPath(to)
    const isCreated = this.checkRelocation(from, to, options)
    this.put(to, clone(this.get(from), options.depth !== '0'))
    return { entry: await this.stat(to), created: isCreated }
  }

  private checkRelocation(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions): boolean {
    if (isWithin(from, to) || isWithin(to, from)) throw new errors.ForbiddenError('one in the other')
    this.get(from)
    this.membersOfParent(to)
    const present = this.find(to)
    if (present !== undefined && !options.overwrite) throw new errors.PreconditionFailedError('exists')
    return present === undefined
  }

  async remove(path: t.StorePath, conditions?: t.WriteConditions): Promise<void> {
    if (path.length === 0) throw new errors.ForbiddenError('the root')
    check(this.get(path), conditions)
    this.take(path)
  }

  async changeProperties(path: t.StorePath, changes: readonly t.PropertyChange[]): Promise<void> {
    const { properties } = this.get(path)
    for (const { namespace, name, xml } of changes) {
      if (xml === undefined) properties.delete(`${namespace} ${name}`)
      else properties.set(`${namespace} ${name}`, { namespace, name, xml })
    }
  }

  async quota(): Promise<t.StoreQuota> {
    return { usedBytes: sizeOf(this.root) }
  }

  async locate(path: t.StorePath): Promise<t.ResourceKey> {
    return { scope: this.scope, path }
  }

  async stagingFolder(): Promise<undefined> {
    return undefined
  }

  private find(path: t.StorePath): Node | undefined {
    let node: Node | undefined = this.root
    for (const name of path) node = node?.members?.get(name)
    return node
  }

  private get(path: t.StorePath): Node {
    checkPath(path)
    const node = this.find(path)
    if (node === undefined) throw new errors.NotFoundError(formatPath(path))
    return node
  }

  private membersOfParent(path: t.StorePath): Map<string, Node> {
    const members = this.find(path.slice(0, -1))?.members
    if (members === undefined) throw new errors.ConflictError('no parent')
    return members
  }

  private put(path: t.StorePath, node: Node): void {
    this.membersOfParent(path).set(path.at(-1) as string, node)
    this.touch(path)
  }

  private take(path: t.StorePath): void {
    this.membersOfParent(path).delete(path.at(-1) as string)
    this.touch(path)
  }

  private touch(path: t.StorePath): void {
    for (let depth = 0; depth < path.length; depth++) {
      const above = this.find(path.slice(0, depth))
      if (above !== undefined) above.etag = randomUUID()
    }
  }
}

function folder(): Node {
  const common = { id: randomUUID(), etag: randomUUID(), properties: new Map() }
  return { ...common, mtimeMs: Date.now(), mediaType: 'httpd/unix-directory', members: new Map() }
}

function clone(node: Node, isDeep: boolean): Node {
  const copy: Node = { ...node, id: randomUUID(), etag: randomUUID(), properties: new Map(node.properties) }
  if (node.members === undefined) return copy
  const members = isDeep ? [...node.members] : []
  return { ...copy, members: new Map(members.map(([name, member]) => [name, clone(member, true)])) }
}

function sizeOf(node: Node): number {
  if (node.members === undefined) return node.content?.length ?? 0
  return [...node.members.values()].reduce((sum, member) => sum + sizeOf(member), 0)
}

function toEntry(node: Node, name: string, options: t.ListOptions): t.Entry {
  return {
    id: node.id,
    name,
    kind: node.members === undefined ? 'file' : 'folder',
    sizeBytes: sizeOf(node),
    mtimeMs: node.mtimeMs,
    createdAtMs: 0,
    etag: node.etag,
    mediaType: node.mediaType,
    checksums: {},
    rights: { read: true, write: true, share: true },
    ...(options.withProperties && { properties: [...node.properties.values()] }),
  }
}

function check(present: Node | undefined, { ifMatch, ifNoneMatch }: t.WriteConditions = {}): void {
  const isOneOf = (etags: readonly string[] | '*') =>
    present !== undefined && (etags === '*' || etags.includes(present.etag))
  if (ifMatch !== undefined && !isOneOf(ifMatch)) throw new errors.PreconditionFailedError('if-match')
  if (ifNoneMatch !== undefined && isOneOf(ifNoneMatch))
    throw new errors.PreconditionFailedError('if-none-match')
}

async function checkDeclared(content: Buffer, expected: t.Checksums = {}): Promise<void> {
  const { createHash } = await import('node:crypto')
  for (const [type, value] of Object.entries(expected)) {
    if (type === 'adler32' || type === 'crc32c') continue
    if (createHash(type).update(content).digest('hex') !== value) throw new errors.BadRequestError('checksum')
  }
}
