import { z } from 'zod'
import { BadGatewayError } from '../../platform/errors.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { checkName, nameOf } from '../../store/paths.ts'
import type { Checksums, Entry, StorePath } from '../../store/types.ts'

const itemSchema = z.object({
  Name: z.string(),
  /** Bytes; -1 for folders. */
  Size: z.number(),
  IsDir: z.boolean(),
  MimeType: z.string().optional(),
  ModTime: z.string().optional(),
  Hashes: z.record(z.string(), z.string()).optional(),
})

/** One entry as `operations/list` and `operations/stat` of rclone tell it. */
export type ListedItem = z.infer<typeof itemSchema>

/** Throws `BadGatewayError` for what rclone never says. */
export function parseItem(value: unknown): ListedItem {
  const parsed = itemSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new BadGatewayError('rclone told something that is no entry of a listing.')
}

/** A whole listing; names that cannot be names here are left out, because nobody could ask for them. */
export function parseList(value: unknown): ListedItem[] {
  if (!Array.isArray(value)) return []
  return value.map(parseItem).filter(({ Name }) => isUsable(Name))
}

function isUsable(name: string): boolean {
  try {
    checkName(name)
    return true
  } catch {
    return false
  }
}

const RIGHTS = { read: true, write: true, share: false }

/** The entry of an item that stands at `path` of the storage named `scope`. */
export function toListedEntry(item: ListedItem, path: StorePath, scope: string): Entry {
  const kind = item.IsDir ? 'folder' : 'file'
  const sizeBytes = Math.max(0, item.Size)
  const mtimeMs = Date.parse(item.ModTime ?? '') || 0
  return {
    id: sha256Hex(`${scope}:${path.join('/')}`).slice(0, 32),
    name: nameOf(path),
    kind,
    sizeBytes,
    mtimeMs,
    createdAtMs: mtimeMs,
    etag: sha256Hex(`${mtimeMs}:${sizeBytes}`).slice(0, 32),
    mediaType: kind === 'folder' ? 'httpd/unix-directory' : (item.MimeType ?? 'application/octet-stream'),
    checksums: checksumsOf(item),
    rights: RIGHTS,
  }
}

function checksumsOf({ Hashes = {} }: ListedItem): Checksums {
  const { sha256, sha1, md5 } = Hashes
  return {
    ...(sha256 ? { sha256 } : {}),
    ...(sha1 ? { sha1 } : {}),
    ...(md5 ? { md5 } : {}),
  }
}
