import type { Readable } from 'node:stream'
import type { WebDAVClientError } from 'webdav'
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
  const { status, response } = error as WebDAVClientError
  if (status === undefined) return toNetworkError(host, error)
  const said = await readMessage((response as unknown as { body?: Readable } | undefined)?.body)
  const sentence = said ?? `${SENTENCES[status] ?? `${host} answered ${status}`}.`
  const remedy = status === 401 && said !== undefined ? ' Log in again with "causeway login".' : ''
  return new CliError(`${name}: ${sentence}${remedy}`, { code: `HTTP_${status}`, status, cause: error })
}

/** The server's own words, when it sent any; the body is consumed or dropped so that its connection is free. */
async function readMessage(body: Readable | undefined): Promise<string | undefined> {
  if (body === undefined || body === null) return undefined
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
