import { z } from 'zod'
import { BadGatewayError } from '../../platform/errors.ts'
import { checkName } from '../../store/paths.ts'

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
