import { BadRequestError } from '../../platform/errors.ts'
import type { DavAnswer, DavCall } from '../call.ts'
import { encodeFileName, USER_CONTENT_HEADERS } from '../file-answer.ts'
import { listZipEntries, type ZipOrder } from './zip-entries.ts'
import { zipStream } from './zip-stream.ts'

const ZIP_TYPES = ['application/zip', 'zip']

/** What of a folder is wanted as an archive; undefined when none is (`Accept`, or `accept=` in the query, as Nextcloud has it). */
export function findZipOrder({ target, header, session }: DavCall): ZipOrder | undefined {
  const query = new URLSearchParams(target.query ?? '')
  const accepted = (query.get('accept') ?? header('accept') ?? '').toLowerCase().split(',')
  if (!accepted.some((type) => ZIP_TYPES.includes(type.split(';', 1)[0]?.trim() ?? ''))) return undefined
  const files = chosenFiles(query.get('files') ?? undefined) ?? listed(header('x-nc-files'))
  const order = { folder: session.path, name: session.path.at(-1) ?? 'download' }
  return files === undefined ? order : { ...order, files }
}

/** `["a","b"]`, or one name; undefined for none. Throws `BadRequestError` for a list of other things. */
export function chosenFiles(text: string | undefined): string[] | undefined {
  if (text === undefined || text === '') return undefined
  const json = text.startsWith('[') ? findJson(text) : undefined
  if (json === undefined) return [text]
  if (!Array.isArray(json) || !json.every((name) => typeof name === 'string')) {
    throw new BadRequestError('files has to be a name, or a JSON list of names.')
  }
  return json.length === 0 ? undefined : json
}

/** A name may begin with a bracket. */
function findJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function listed(header = ''): string[] | undefined {
  const names = header.split(',').map((name) => name.trim())
  const filled = names.filter((name) => name !== '')
  return filled.length === 0 ? undefined : filled
}

/** A folder, or some members of it, as a ZIP archive that is made while it is sent. Throws as `listZipEntries`. */
export async function zipFolder({ store, signal, method }: DavCall, order: ZipOrder): Promise<DavAnswer> {
  const entries = await listZipEntries(store, order, { signal })
  const headers = {
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeFileName(order.name)}.zip`,
    ...USER_CONTENT_HEADERS,
    'Cache-Control': 'no-store',
  }
  return method === 'HEAD'
    ? { status: 200, headers }
    : { status: 200, headers, body: zipStream(store, entries, signal) }
}
