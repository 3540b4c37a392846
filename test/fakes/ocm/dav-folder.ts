import { createReadStream } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type DavManner, etagOf, type FakePermission, multistatus, readPropfind } from './dav-properties.ts'
import type { FakeAnswer, FakeRequest } from './http-server.ts'

export interface DavShare {
  /** What the prefix stands for: a file or a folder on disk. */
  diskPath: string
  /** Path of the root as the caller sees it. */
  href: string
  host: string
  permissions: readonly FakePermission[]
  manner: DavManner
}

/** Serves one shared file or folder; `below` is the path of the request after the root, still encoded. */
export async function serveDav(share: DavShare, request: FakeRequest, below: string): Promise<FakeAnswer> {
  const names = below
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  if (names.some((name) => name === '..' || name === '.')) return failed(share, 403, 'Forbidden', 'No')
  const place = { share, request, diskPath: join(share.diskPath, ...names), isRoot: names.length === 0 }
  const isWrite = ['PUT', 'MKCOL', 'DELETE', 'MOVE', 'COPY', 'PROPPATCH', 'LOCK'].includes(request.method)
  if (isWrite && !share.permissions.includes('write'))
    return failed(share, 403, 'Forbidden', 'You have no permission to do this')
  const method = methods[request.method]
  if (method === undefined) return failed(share, 405, 'MethodNotAllowed', 'There was no plugin for this')
  return method(place)
}

interface Place {
  share: DavShare
  request: FakeRequest
  diskPath: string
  isRoot: boolean
}

const methods: Record<string, (place: Place) => Promise<FakeAnswer>> = {
  PROPFIND: propfind,
  GET: get,
  HEAD: get,
  PUT: put,
  MKCOL: makeFolder,
  DELETE: remove,
  MOVE: (place) => relocate(place, 'MOVE'),
  COPY: (place) => relocate(place, 'COPY'),
  OPTIONS: async () => ({ status: 200, headers: { DAV: '1, 3, extended-mkcol' } }),
}

async function propfind({ share, request, diskPath, isRoot }: Place): Promise<FakeAnswer> {
  const found = await statOf(diskPath)
  if (found === undefined) return notFound(share, diskPath)
  const asked = tryRead(request.body)
  if (asked === 'malformed') return failed(share, 400, 'BadRequest', 'The XML is not well-formed')
  const own = { href: request.path, diskPath, isRoot, permissions: share.permissions }
  const members =
    request.headers.depth === '0' || !found.isDirectory()
      ? []
      : (await readdir(diskPath)).sort().map((name) => ({
          ...{ permissions: share.permissions, isRoot: false, diskPath: join(diskPath, name) },
          href: `${request.path.replace(/\/$/, '')}/${encodeURIComponent(name)}`,
        }))
  const body = await multistatus([own, ...members], asked, share.manner)
  const type = { 'Content-Type': 'application/xml; charset=utf-8', DAV: '1, 3, extended-mkcol' }
  return { status: 207, headers: type, body }
}

function tryRead(body: Buffer): string[] | undefined | 'malformed' {
  try {
    return readPropfind(body)
  } catch {
    return 'malformed'
  }
}

async function get({ share, request, diskPath }: Place): Promise<FakeAnswer> {
  const found = await statOf(diskPath)
  if (found === undefined) return notFound(share, diskPath)
  if (found.isDirectory())
    return failed(share, 501, 'NotImplemented', 'GET on folders is not part of this server')
  const etag = `"${await etagOf(diskPath)}"`
  const time = found.mtime.toUTCString()
  const headers = {
    'Content-Type': 'text/plain;charset=UTF-8',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(diskPath))}`,
    // OpenCloud really writes the zone in this way.
    'Last-Modified': share.manner === 'go' ? time.replace('GMT', '+0000') : time,
    ETag: etag,
    'OC-ETag': etag,
    'Accept-Ranges': 'bytes',
  }
  if (request.headers['if-none-match'] === etag) return { status: 304, headers }
  const range = rangeOf(request.headers.range, found.size)
  if (range === undefined)
    return {
      status: 200,
      headers: { ...headers, 'Content-Length': String(found.size) },
      body: createReadStream(diskPath),
    }
  const { start, end } = range
  if (start >= found.size) return failed(share, 416, 'RequestedRangeNotSatisfiable', 'No such range')
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Length': String(end - start + 1),
      'Content-Range': `bytes ${start}-${end}/${found.size}`,
    },
    body: createReadStream(diskPath, { start, end }),
  }
}

function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from === '') return { start: Math.max(0, size - Number(to)), end: size - 1 }
  return { start: Number(from), end: Math.min(size - 1, to === '' ? size - 1 : Number(to)) }
}

async function put({ share, request, diskPath, isRoot }: Place): Promise<FakeAnswer> {
  const found = await statOf(diskPath)
  if (isRoot && found?.isDirectory())
    return failed(share, 409, 'Conflict', 'PUT is not allowed on non-files.')
  if (found?.isDirectory()) return failed(share, 409, 'Conflict', 'PUT is not allowed on non-files.')
  if ((await statOf(dirname(diskPath))) === undefined)
    return failed(share, 409, 'Conflict', 'Files can only be created as children of collections')
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers
  const etag = found === undefined ? undefined : `"${await etagOf(diskPath)}"`
  if ((noneMatch === '*' && found) || (match !== undefined && match !== '*' && match !== etag))
    return failed(share, 412, 'PreconditionFailed', 'An If-* header was given, and it does not hold')
  await writeFile(diskPath, request.body)
  const now = `"${await etagOf(diskPath)}"`
  return { status: found === undefined ? 201 : 204, headers: { ETag: now, 'OC-ETag': now } }
}

async function makeFolder({ share, diskPath }: Place): Promise<FakeAnswer> {
  if ((await statOf(diskPath)) !== undefined)
    return failed(share, 405, 'MethodNotAllowed', 'The resource you tried to create already exists')
  if ((await statOf(dirname(diskPath))) === undefined)
    return failed(share, 409, 'Conflict', 'Parent node does not exist')
  await mkdir(diskPath)
  return { status: 201 }
}

async function remove({ share, diskPath, isRoot }: Place): Promise<FakeAnswer> {
  if (isRoot) return failed(share, 403, 'Forbidden', 'Permission denied to delete the root')
  if ((await statOf(diskPath)) === undefined) return notFound(share, diskPath)
  await rm(diskPath, { recursive: true })
  return { status: 204 }
}

async function relocate({ share, request, diskPath }: Place, kind: 'MOVE' | 'COPY'): Promise<FakeAnswer> {
  const target = URL.parse(request.headers.destination ?? '', `http://${share.host}`)
  if (target === null) return failed(share, 400, 'BadRequest', 'The Destination header was not supplied')
  const root = share.href.endsWith('/') ? share.href : `${share.href}/`
  if (target.host !== share.host || !target.pathname.startsWith(root))
    return failed(share, 403, 'Forbidden', `Requested uri (${target.href}) is out of base uri`)
  if ((await statOf(diskPath)) === undefined) return notFound(share, diskPath)
  const names = target.pathname.slice(root.length).split('/').map(decodeURIComponent)
  const to = join(share.diskPath, ...names)
  const before = await statOf(to)
  if (before && request.headers.overwrite === 'F')
    return failed(share, 412, 'PreconditionFailed', 'The destination node already exists')
  if ((await statOf(dirname(to))) === undefined)
    return failed(share, 409, 'Conflict', 'The destination node is not found')
  await rm(to, { recursive: true, force: true })
  if (kind === 'MOVE') await rename(diskPath, to)
  else await cp(diskPath, to, { recursive: true })
  return { status: before ? 204 : 201 }
}

function statOf(path: string) {
  return stat(path).catch(() => undefined)
}

function notFound(share: DavShare, diskPath: string): FakeAnswer {
  return failed(share, 404, 'NotFound', `File with name ${basename(diskPath)} could not be located`)
}

/** Sabre explains itself in XML; OpenCloud mostly says nothing. */
function failed(share: DavShare, status: number, exception: string, message: string): FakeAnswer {
  if (share.manner === 'go') return { status }
  return {
    status,
    headers: { 'Content-Type': 'application/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n  <s:exception>Sabre\\DAV\\Exception\\${exception}</s:exception>\n  <s:message>${message}</s:message>\n</d:error>\n`,
  }
}
