import { csrfHeaders, NetworkProblem } from '../api.ts'
import { davProblem } from '../dav/problem.ts'

export interface SendRequest {
  method: string
  address: string
  headers?: Record<string, string>
  body?: Blob | ArrayBuffer
  signal: AbortSignal
  /** Bytes of the body that have gone so far. */
  onProgress?: (sentBytes: number) => void
}

export interface SendAnswer {
  status: number
  header(name: string): string | null
}

/**
 * A request that tells how far its body has gone, which `fetch` cannot. Throws `ApiProblem` for a refusal and
 * `NetworkProblem` when no answer came. Whoever uploads decides what an ended session means.
 */
export function sendByXhr({ method, address, headers, body, signal, onProgress }: SendRequest) {
  return new Promise<SendAnswer>((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const stop = () => xhr.abort()
    xhr.open(method, address)
    for (const [name, value] of Object.entries({ ...csrfHeaders(), ...headers })) {
      xhr.setRequestHeader(name, value)
    }
    xhr.upload.addEventListener('progress', ({ loaded }) => onProgress?.(loaded))
    xhr.addEventListener('load', () => {
      const answer = { status: xhr.status, header: (name: string) => xhr.getResponseHeader(name) }
      if (xhr.status >= 200 && xhr.status < 300) resolve(answer)
      else reject(davProblem({ ...answer, text: xhr.responseText, headers: { get: answer.header } }))
    })
    xhr.addEventListener('error', () => reject(new NetworkProblem(new Error('no answer'))))
    xhr.addEventListener('abort', () => reject(signal.reason))
    xhr.addEventListener('loadend', () => signal.removeEventListener('abort', stop))
    signal.addEventListener('abort', stop)
    if (signal.aborted) reject(signal.reason)
    else xhr.send(body ?? null)
  })
}
