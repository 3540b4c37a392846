import { z } from 'zod'
import { isoTime } from '../../platform/clock.ts'
import { formatPath } from '../paths.ts'
import type { Entry, StorePath } from '../types.ts'
import type { ShareMarks } from './share-marks.ts'

const itemShape = {
  id: z.string(),
  name: z.string().describe('Empty for the root of the drive.'),
  path: z.string().describe('From the root of the drive: /a/b.'),
  kind: z.enum(['file', 'folder']),
  sizeBytes: z.number().describe('Of a folder: of everything below it.'),
  modifiedAt: z.string(),
  etag: z.string().describe('Without quotes. That of a folder changes with everything below it.'),
  mediaType: z.string().optional().describe('Of a file.'),
  permissions: z.object({
    read: z.boolean(),
    write: z
      .boolean()
      .describe('Change the content of a file; make, upload, rename and delete inside a folder.'),
    delete: z.boolean().describe('Of a received share: leave it.'),
    move: z
      .boolean()
      .describe('Rename it or move it elsewhere. The root of a received share is only renamed.'),
    share: z.boolean(),
  }),
  shared: z
    .object({ given: z.number().describe('People and groups it is shared with.'), link: z.boolean() })
    .optional()
    .describe('Only of what you share.'),
  received: z
    .object({
      shareId: z.string(),
      owner: z.object({ address: z.string(), displayName: z.string() }).optional(),
    })
    .optional()
    .describe('Only of the root of what was shared with you.'),
  isMountBroken: z
    .literal(true)
    .optional()
    .describe('What was shared with you is not to be had: withdrawn, or lost by its server.'),
}

/** A file or folder in a list. */
export const fileItem = z.object(itemShape).meta({ id: 'FileItem' })

/** Everything that is known of one. */
export const fileInfo = z
  .object({ ...itemShape, createdAt: z.string(), checksums: z.record(z.string(), z.string()) })
  .meta({ id: 'FileInfo' })

export type FileItem = z.input<typeof fileItem>

/** Something with its place in the drive. */
export interface PlacedEntry {
  entry: Entry
  path: StorePath
}

/** What lists show of entries; two queries for the shares of all of them together. */
export async function toFileItems(
  placed: readonly PlacedEntry[],
  { userId, marks }: { userId: string; marks: ShareMarks },
): Promise<FileItem[]> {
  const shareIds = placed.flatMap(({ entry }) => (entry.mount === undefined ? [] : [entry.mount.shareId]))
  const [given, received] = await Promise.all([
    marks.givenOf(
      userId,
      placed.map(({ entry }) => entry.id),
    ),
    marks.receivedOf(userId, shareIds),
  ])
  return placed.map(({ entry, path }): FileItem => {
    const { id, kind, sizeBytes, mtimeMs, etag, mediaType, mount } = entry
    const mark = mount && received.get(mount.shareId)
    return {
      id,
      name: path.at(-1) ?? '',
      path: formatPath(path),
      kind,
      sizeBytes,
      modifiedAt: isoTime(mtimeMs),
      etag,
      ...(kind === 'file' && { mediaType }),
      permissions: permissionsOf(entry, path),
      ...(given.has(id) && { shared: given.get(id) }),
      ...(mount !== undefined && {
        received: { shareId: mount.shareId, ...(mark !== undefined && { owner: mark.owner }) },
      }),
      ...((mount?.isBroken === true || mark?.isGone === true) && { isMountBroken: true }),
    }
  })
}

/** A received share may be left and renamed by whoever was given it; the root of a drive stays. */
function permissionsOf({ rights, mount }: Entry, path: StorePath): FileItem['permissions'] {
  const { read, write, share } = rights
  const mayGo = path.length > 0 && (write || mount !== undefined)
  return { read, write, delete: mayGo, move: mayGo, share: share && path.length > 0 }
}
