import { NetworkProblem, pageFetch } from '../api.ts'
import { basePath } from '../router.ts'
import { me } from '../session.ts'
import { davPath, segmentsOf } from './paths.ts'
import { davProblem } from './problem.ts'

/** The address in the node of a path of one's drive: `/dav/files/ann/a%20b`. */
export function fileAddress(path: string): string {
  return davPath(basePath, 'files', [userName(), ...segmentsOf(path)])
}

/** Where resumable uploads into a folder begin. */
export function tusAddress(folder: string): string {
  return davPath(basePath, 'tus', [userName(), ...segmentsOf(folder)])
}

/** Where what a file contained before can be read. */
export function versionAddress(fileId: string, version: string): string {
  return davPath(basePath, 'versions', [userName(), 'versions', fileId, version])
}

/** The whole address for programs elsewhere; that of the drive ends with a slash. */
export function webdavUrl(path = '/'): string {
  return `${window.location.origin}${fileAddress(path)}`
}

/** A folder, or some of what is in it, as a ZIP archive. */
export function zipAddress(folder: string, names?: readonly string[]): string {
  const chosen = names === undefined ? '' : `&files=${encodeURIComponent(JSON.stringify(names))}`
  return `${fileAddress(folder).replace(/\/$/, '')}/?accept=zip${chosen}`
}

export function userName(): string {
  return me.value?.name ?? ''
}

/** Sends a request of WebDAV; throws `ApiProblem` for a refusal and `NetworkProblem` when no answer came. */
export async function davRequest(address: string, init: RequestInit): Promise<Response> {
  const response = await pageFetch(address, init).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error
    throw new NetworkProblem(error)
  })
  if (response.ok) return response
  throw davProblem({ status: response.status, text: await response.text(), headers: response.headers })
}

/** Throws with status 405 when something is there already. */
export async function makeFolder(path: string): Promise<void> {
  await davRequest(fileAddress(path), { method: 'MKCOL' })
}

export interface Relocation {
  from: string
  to: string
  /** Replace what is there; otherwise that is a problem with status 412. */
  overwrite: boolean
}

export async function moveEntry(relocation: Relocation, signal?: AbortSignal): Promise<void> {
  await relocate('MOVE', relocation, signal)
}

export async function copyEntry(relocation: Relocation, signal?: AbortSignal): Promise<void> {
  await relocate('COPY', relocation, signal)
}

async function relocate(method: string, { from, to, overwrite }: Relocation, signal?: AbortSignal) {
  const headers = {
    Destination: window.location.origin + fileAddress(to),
    Overwrite: overwrite ? 'T' : 'F',
  }
  await davRequest(fileAddress(from), { method, headers, signal: signal ?? null })
}
