import { fetch, type Response } from 'undici'
import { ApiProblem, type Client, createClient } from '../client/client.ts'
import { refusalOf } from '../client/errors.ts'
import type { Connection } from './connection.ts'
import { CliError } from './exit.ts'
import { dispatcher } from './name-lookup.ts'
import { toNetworkError } from './network-error.ts'

/** The operations of `/api/v1` of one node, and who asks there. */
export type Api = Client & { readonly connection: Connection }

/** The API of a node; whatever goes wrong is thrown as `CliError`. `signal` ends every call. */
export function createApi(connection: Connection, signal?: AbortSignal): Api {
  const host = hostOf(connection)
  const client = createClient({
    baseUrl: connection.url,
    name: host,
    headers: { Authorization: connection.authorization },
    fetch: (url, init) => fetch(url, { ...init, dispatcher }),
    signal,
    toError: (problem) =>
      problem instanceof ApiProblem ? toCliError(problem) : toNetworkError(host, problem.cause),
  })
  return { ...client, connection }
}

/** Opens the stream of server-sent events of the node: no operation, since it answers no JSON and does not end. */
export async function openEvents(
  connection: Connection,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const headers = { Accept: 'text/event-stream', Authorization: connection.authorization }
  const url = `${connection.url}/api/v1/events`
  let response: Response
  try {
    response = await fetch(url, { headers, signal, redirect: 'manual', dispatcher })
  } catch (error) {
    throw toNetworkError(hostOf(connection), error)
  }
  if (!response.ok) throw await readRefusal(response, hostOf(connection))
  return (response.body ?? new ReadableStream()) as AsyncIterable<Uint8Array>
}

/** What an answer that is no success says, whatever was asked. */
export async function readRefusal(response: Response, host: string): Promise<CliError> {
  const text = await response.text().catch(() => '')
  return toCliError(refusalOf(response, text, host))
}

function toCliError({ status, code, detail, fields, retryAfterSeconds }: ApiProblem): CliError {
  const sentence = /[.?!]$/.test(detail) ? detail : `${detail}.`
  const lines = fields.map(({ field, message }) => `\n  ${field}: ${message}`)
  return new CliError(withRemedy(sentence, status) + lines.join(''), {
    code,
    // A success that makes no sense is no status to go by.
    ...(status < 300 ? {} : { status }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }),
  })
}

function withRemedy(sentence: string, status: number): string {
  if (status === 401) return `${sentence} Log in again with "causeway login".`
  if (status < 300 || status >= 400) return sentence
  return `${sentence.slice(0, -1)}; log in with that address.`
}

function hostOf({ url }: Connection): string {
  return new URL(url).host
}
