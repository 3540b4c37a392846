import type { IncomingMessage } from 'node:http'
import { relative, sep } from 'node:path'
import { FileBody } from '../store/local/file-body.ts'
import type { DavAnswer } from './call.ts'
import { encodeName } from './target.ts'

/** How the bytes of large files are left to the reverse proxy. */
export interface HandOver {
  header: 'X-Accel-Redirect' | 'X-Sendfile'
  /** Where the spaces lie, as a real path; what lies elsewhere is sent by us. */
  folder: string
  /** The address of that folder inside nginx, with slashes at both ends; Apache takes local paths. */
  prefix: string
  /** True when the connection is that of a proxy of ours. */
  isTrusted(request: IncomingMessage): boolean
}

/**
 * The same answer without the bytes, and with the word for the proxy where they lie; undefined when we send
 * them ourselves. Only a proxy that is trusted and asks for it with `X-Sendfile-Type` is told: whoever else
 * comes by the same address (a program on the same machine) would take the empty body for the file.
 */
export function handOver(
  request: IncomingMessage,
  { status, headers = {}, body }: DavAnswer,
  options: HandOver | undefined,
): DavAnswer | undefined {
  if (options === undefined || !(body instanceof FileBody) || body.localPath === undefined) return undefined
  if (request.headers['x-sendfile-type'] !== options.header || !options.isTrusted(request)) return undefined
  if (!isAskedPlainly(request, status)) return undefined
  const names = relative(options.folder, body.localPath).split(sep)
  if (names[0] === '..' || names[0] === '') return undefined
  body.destroy()
  // The proxy cuts out what was asked for, and says so: with 206 it would take the whole for the part.
  const { 'Content-Range': _range, 'Content-Length': _length, 'Accept-Ranges': _unit, ...kept } = headers
  const start = options.header === 'X-Sendfile' ? `${options.folder}/` : options.prefix
  return {
    status: 200,
    headers: { ...kept, [options.header]: encodePath(start) + names.map(encodeName).join('/') },
  }
}

/**
 * The proxy judges ranges and conditions once more. A range that we do not serve, it might; and an
 * `If-Match` it would compare with a tag of its own.
 */
function isAskedPlainly({ method, headers }: IncomingMessage, status: number): boolean {
  if (method !== 'GET' || headers['if-match'] !== undefined) return false
  return headers.range === undefined ? status === 200 : status === 206
}

function encodePath(path: string): string {
  return path.split('/').map(encodeName).join('/')
}
