import type { Readable } from 'node:stream'
import type { DavResponse } from './dav-http.ts'
import { CliError } from './exit.ts'
import { findDavMessage } from './multistatus.ts'
import { toNetworkError } from './network-error.ts'

const MAX_BODY_BYTES = 64 * 1024

const SENTENCES: Record<number, string> = {
  400: 'the server takes the name or the request for impossible',
  401: 'the server does not know this login; run "causeway login" again',
  403: 'that is not allowed here',
  404: 'nothing is there',
  405: 'that does not go with what is there; a folder or a file of this name may exist already',
  409: 'the folder it should go into is missing; make it with "causeway mkdir -p"',
  412: 'something is there already and may not be overwritten',
  413: 'the file is larger than the server takes',
  415: 'the server does not take this',
  423: 'somebody holds a lock on it; try again later',
  501: 'the server cannot do that',
  502: 'a server behind this one gives no answer',
  503: 'the server is busy; try again later',
  507: 'there is no room left; delete something or ask for more quota',
}

/** What a failed WebDAV request is called: `name: what is wrong`. */
export async function toDavError(host: string, name: string, error: unknown): Promise<Error> {
  if (!isResponse(error)) return toNetworkError(host, error)
  const said = await readMessage(error.body)
  return toStatusError(host, name, error.status, { said, retryAfter: error.header('retry-after') })
}

/** The same for a status without more to it. */
export function toStatusError(
  host: string,
  name: string,
  status: number,
  { said, retryAfter }: { said?: string | undefined; retryAfter?: string | undefined } = {},
): CliError {
  const sentence = said ?? `${SENTENCES[status] ?? `${host} answered ${status}`}.`
  const remedy = status === 401 && said !== undefined ? ' Log in again with "causeway login".' : ''
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined
  return new CliError(`${name}: ${sentence}${remedy}`, {
    code: `HTTP_${status}`,
    status,
    ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1000 }),
  })
}

function isResponse(error: unknown): error is DavResponse {
  return typeof error === 'object' && error !== null && 'status' in error && 'header' in error
}

/** The server's own words, when it sent any; the body is consumed or dropped so that its connection is free. */
async function readMessage(body: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      sizeBytes += chunk.length
      if (sizeBytes > MAX_BODY_BYTES) return undefined
    }
  } catch {
    return undefined
  }
  return findDavMessage(Buffer.concat(chunks).toString('utf8'))
}
