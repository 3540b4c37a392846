import { Agent, request } from 'undici'

export interface TypedRequest {
  method: 'POST' | 'PUT'
  path: string
  headers: Record<string, string>
  body: string | Buffer
  signal: AbortSignal
}

/** Requests to one server whose address the operator of this very program typed; strangers choose none of it. */
export interface TypedServer {
  /** Throws when the answer is longer than `maxBytes`, and errors of the network. */
  requestText(ask: TypedRequest, maxBytes: number): Promise<{ status: number; text: string }>
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 20_000

/** `base`: its address without a slash at the end. Redirects are not followed. */
export function createTypedServer(base: string, idleTimeoutMs: number): TypedServer {
  const agent = new Agent({
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  })
  return {
    async requestText({ path, ...ask }, maxBytes) {
      const { statusCode, body } = await request(`${base}${path}`, { ...ask, dispatcher: agent })
      return { status: statusCode, text: await readText(body, maxBytes) }
    },
    close: () => agent.destroy(),
  }
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`The server sent more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
