import { AppError } from '../platform/errors.ts'
import type { OcsData } from '../platform/ocs-envelope.ts'

/** What another server wants to see of a share. */
export interface OcsTreeAsk {
  /** Of a public link, or the secret of a federated share. */
  token: string
  password: string | undefined
  /** Below the root of the share. */
  folder: string
  /** How many levels; undefined for as many as there are. */
  depth: number | undefined
  clientAddress: string
}

/** A file or folder, and what lies in it as deep as was asked. */
export interface OcsShareTree {
  id: string
  name: string
  kind: 'file' | 'folder'
  mediaType: string
  sizeBytes: number
  mtimeMs: number
  etag: string
  rights: { read: boolean; write: boolean; share: boolean }
  children?: OcsShareTree[]
}

/** Throws `NotFoundError`, `ForbiddenError` for a wrong password, `TooManyRequestsError`. */
export type ReadShareTree = (ask: OcsTreeAsk) => Promise<OcsShareTree>

/** `POST /apps/files_sharing/shareinfo`: how Nextcloud and ownCloud look through a share in one go. */
export async function answerShareInfo(
  readTree: ReadShareTree,
  form: URLSearchParams,
  clientAddress: string,
): Promise<{ status: number; body: OcsData }> {
  try {
    const depth = /^\d{1,4}$/.test(form.get('depth') ?? '') ? Number(form.get('depth')) : undefined
    const ask = { token: form.get('t') ?? '', folder: form.get('dir') ?? '', depth, clientAddress }
    const tree = await readTree({ ...ask, password: form.get('password') || undefined })
    return { status: 200, body: { data: toView(tree), status: 'success' } }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { status: error.status, body: { data: { message: error.message }, status: 'error' } }
  }
}

function toView(tree: OcsShareTree): OcsData {
  const { id, name, kind, mediaType, sizeBytes, mtimeMs, etag, children } = tree
  return {
    ...{ id, name, etag, size: sizeBytes, mtime: Math.floor(mtimeMs / 1000), permissions: bitsOf(tree) },
    mimetype: kind === 'folder' ? 'httpd/unix-directory' : mediaType,
    type: kind === 'folder' ? 'dir' : 'file',
    ...(children === undefined ? {} : { children: children.map(toView) }),
  }
}

/** 1 read, 2 update, 4 create, 8 delete, 16 share. */
function bitsOf({ kind, rights: { read, write, share } }: OcsShareTree): number {
  const changing = kind === 'folder' ? 14 : 2
  return (read ? 1 : 0) + (write ? changing : 0) + (share ? 16 : 0)
}
