import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { BadRequestError } from '../../platform/errors.ts'
import { formatPath, parsePath } from '../paths.ts'
import type { Spaces } from '../spaces.ts'
import type { Entry, FileStore, PageQuery, StorePath } from '../types.ts'
import { fromPageCursor, fromSearchCursor, toPageCursor, toSearchCursor } from './cursors.ts'
import { fileInfo, fileItem, type PlacedEntry, toFileItems } from './file-views.ts'
import { pageKeyOf, pageOf } from './page.ts'
import type { ShareMarks } from './share-marks.ts'

export const pathText = z.string().min(1).max(10_000).describe('From the root of the drive: /a/b.')
const partOfName = z.string().min(1).max(255)
const cursorText = z.string().max(4_000)
const limitOf = (usual: number) => z.coerce.number().int().min(1).max(1_000).default(usual)

export interface BrowseDeps {
  /** The user's drive with what was shared with them, behind its locks. */
  driveOf(userId: string): Promise<FileStore>
  spaces: Pick<Spaces, 'search'>
  marks: ShareMarks
}

/** `/files`, `/files/info` and `/search`: what people see of their drive. */
export function browseRoutes(deps: BrowseDeps): ApiRoute[] {
  return [listRoute(deps), infoRoute(deps), searchRoute(deps)]
}

function listRoute({ driveOf, marks }: BrowseDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/files',
    operationId: 'listFiles',
    summary: 'A folder of your drive, page by page; folders first.',
    auth: 'user',
    query: z.strictObject({
      path: pathText.default('/'),
      sort: z.enum(['name', 'size', 'modified']).default('name'),
      order: z.enum(['asc', 'desc']).default('asc'),
      q: partOfName.optional().describe('Only names in this folder with this part.'),
      limit: limitOf(200),
      cursor: cursorText.optional(),
    }),
    response: z.object({
      folder: fileItem,
      items: z.array(fileItem),
      total: z.number().optional().describe('How many there are in all; on the first page.'),
      nextCursor: z.string().optional(),
    }),
    handle: async ({ principal: { userId }, query: { path: text, cursor, q, ...order } }) => {
      const path = parsePath(text)
      const after = cursor === undefined ? undefined : fromPageCursor(cursor, order)
      const query: PageQuery = {
        ...order,
        ...(q !== undefined && { match: q }),
        ...(after === undefined ? { withTotal: true } : { after }),
      }
      const drive = await driveOf(userId)
      const folder = await drive.stat(path)
      if (folder.kind !== 'folder') throw notAFolder(path)
      const { entries, hasMore, total } = await pageOf(drive, path, query)
      const placed = entries.map((entry) => ({ entry, path: [...path, entry.name] }))
      const [self, ...items] = await toFileItems([{ entry: folder, path }, ...placed], { userId, marks })
      const last = hasMore ? entries.at(-1) : undefined
      return {
        folder: self as z.input<typeof fileItem>,
        items,
        ...(total !== undefined && { total }),
        ...(last !== undefined && { nextCursor: toPageCursor(order, pageKeyOf(last, order)) }),
      }
    },
  })
}

function infoRoute({ driveOf, marks }: BrowseDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/files/info',
    operationId: 'getFile',
    summary: 'Everything that is known of one file or folder.',
    auth: 'user',
    query: z.strictObject({ path: pathText }),
    response: fileInfo,
    handle: async ({ principal: { userId }, query }) => {
      const path = parsePath(query.path)
      const entry = await (await driveOf(userId)).stat(path)
      return await toFileInfo({ entry, path }, { userId, marks })
    },
  })
}

async function toFileInfo(placed: PlacedEntry, of: { userId: string; marks: ShareMarks }) {
  const [item] = await toFileItems([placed], of)
  const { createdAtMs, checksums } = placed.entry
  return {
    ...(item as z.input<typeof fileItem>),
    createdAt: isoTime(createdAtMs),
    checksums: { ...checksums },
  }
}

function searchRoute({ driveOf, spaces, marks }: BrowseDeps): ApiRoute {
  return apiRoute({
    method: 'get',
    path: '/search',
    operationId: 'searchFiles',
    summary: 'Files and folders of your own anywhere below a folder, by a part of their names.',
    auth: 'user',
    query: z.strictObject({
      q: partOfName,
      path: pathText.default('/'),
      limit: limitOf(50),
      cursor: cursorText.optional(),
    }),
    response: z.object({
      items: z.array(fileItem),
      nextCursor: z
        .string()
        .optional()
        .describe('There may be more; perhaps with fewer items than asked for, even none.'),
    }),
    handle: async ({ principal: { userId }, query, signal }) => {
      const { q, limit, cursor } = query
      const path = parsePath(query.path)
      const drive = await driveOf(userId)
      await checkOwn(drive, path)
      const after = cursor === undefined ? {} : { after: fromSearchCursor(cursor) }
      const { found, next } = await spaces.search(userId, path, { match: q, limit, signal, ...after })
      const items = await toFileItems(await ownOnly(drive, found), { userId, marks })
      return { items, ...(next !== undefined && { nextCursor: toSearchCursor(next) }) }
    },
  })
}

/** Other servers cannot be searched, and drives of other people are not by their recipients. */
async function checkOwn(drive: FileStore, path: StorePath): Promise<void> {
  const folder: Entry = await drive.stat(path)
  if (folder.kind !== 'folder') throw notAFolder(path)
  if (await isOwn(drive, path)) return
  throw new BadRequestError(
    `${formatPath(path)} was shared with you. Only your own files can be searched; filter this folder instead.`,
    { code: 'NOT_SEARCHABLE' },
  )
}

/** A received share hides what has its name. */
async function ownOnly(drive: FileStore, found: readonly PlacedEntry[]): Promise<PlacedEntry[]> {
  const tops = new Map<string, boolean>()
  for (const { path } of found) {
    const top = path[0] ?? ''
    if (!tops.has(top)) tops.set(top, await isOwn(drive, [top]))
  }
  return found.filter(({ path }) => tops.get(path[0] ?? '') === true)
}

async function isOwn(drive: FileStore, path: StorePath): Promise<boolean> {
  const [root, resource] = await Promise.all([drive.locate([]), drive.locate(path)])
  return root.scope === resource.scope
}

function notAFolder(path: StorePath): BadRequestError {
  return new BadRequestError(`${formatPath(path)} is a file; ask for the folder it lies in.`, {
    code: 'NOT_A_FOLDER',
  })
}
