import { ApiProblem, createClient } from '../client/client.ts'
import { basePath } from './router.ts'

export { ApiProblem, NetworkProblem } from '../client/client.ts'

let csrfToken: string | undefined
let onSessionEnd: () => void = () => undefined

/** Who is told when the node no longer knows our session. */
export function whenSessionEnds(listener: () => void): void {
  onSessionEnd = listener
}

/** Says that the node answered "who are you?" to a request that did not go through `pageFetch`. */
export function noteSessionEnd(): void {
  onSessionEnd()
}

/** The token that proves to the node that a change comes from its own page. */
export function csrfHeaders(): Record<string, string> {
  return {
    // Keeps the browser from asking for a password in a window of its own.
    'X-Requested-With': 'Causeway',
    ...(csrfToken === undefined ? {} : { 'X-CSRF-Token': csrfToken }),
  }
}

export function setCsrfToken(token: string | undefined): void {
  csrfToken = token
}

/** `fetch` with what the node wants of its page; an answer that says "who are you?" ends the session here. */
export async function pageFetch(input: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(csrfHeaders())) headers.set(name, value)
  const response = await fetch(input, { ...init, headers, credentials: 'same-origin' })
  // A wrong password is nothing that the session has done.
  const isSignIn = init.method === 'POST' && input.endsWith('/api/v1/session')
  if (response.status === 401 && !isSignIn) onSessionEnd()
  return response
}

/** The node's API, typed from its OpenAPI document. */
export const api = createClient({
  baseUrl: window.location.origin + basePath.replace(/\/$/, ''),
  fetch: pageFetch,
})

/** Whether the error is the node's refusal with this code. */
export function isProblem(error: unknown, code?: string): error is ApiProblem {
  return error instanceof ApiProblem && (code === undefined || error.code === code)
}
