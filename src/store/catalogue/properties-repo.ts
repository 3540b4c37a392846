import type { Db } from '../../platform/db.ts'
import { InsufficientStorageError } from '../../platform/errors.ts'
import type { DeadProperty, PropertyChange } from '../types.ts'

const PAIR_BATCH = 400
const ID_BATCH = 1_000
/** What clients keep are a dozen; they are no second drive beside the quota. */
const MAX_PROPERTIES = 1_000
const MAX_CHARACTERS = 1024 * 1024

interface Columns extends DeadProperty {
  file_id: string
}

export async function listProperties(db: Db, fileId: string): Promise<DeadProperty[]> {
  const found = await db<Columns>('dead_properties').where('file_id', fileId).orderBy(['namespace', 'name'])
  return found.map(toProperty)
}

/** Properties of all members of a folder in one query, by file id. */
export async function listMemberProperties(db: Db, parentId: string): Promise<Map<string, DeadProperty[]>> {
  const members = db('files').select('id').where('parent_id', parentId)
  const found = await db<Columns>('dead_properties')
    .whereIn('file_id', members as never)
    .orderBy(['file_id', 'namespace', 'name'])
  const byFile = new Map<string, DeadProperty[]>()
  for (const row of found) byFile.set(row.file_id, [...(byFile.get(row.file_id) ?? []), toProperty(row)])
  return byFile
}

/** Properties of files by their ids. */
export async function listPropertiesOf(
  db: Db,
  fileIds: readonly string[],
): Promise<Map<string, DeadProperty[]>> {
  const byFile = new Map<string, DeadProperty[]>()
  for (let start = 0; start < fileIds.length; start += ID_BATCH) {
    const found = await db<Columns>('dead_properties')
      .whereIn('file_id', fileIds.slice(start, start + ID_BATCH))
      .orderBy(['file_id', 'namespace', 'name'])
    for (const row of found) byFile.set(row.file_id, [...(byFile.get(row.file_id) ?? []), toProperty(row)])
  }
  return byFile
}

/**
 * Sets and removes in the order given (RFC 4918 9.2); call it in a transaction.
 * `InsufficientStorageError` when one resource would have too many.
 */
export async function changeProperties(
  db: Db,
  fileId: string,
  changes: readonly PropertyChange[],
): Promise<void> {
  for (const { namespace, name, xml } of changes) {
    const key = { file_id: fileId, namespace, name }
    if (xml === undefined) await db('dead_properties').where(key).delete()
    else
      await db('dead_properties')
        .insert({ ...key, xml })
        .onConflict(['file_id', 'namespace', 'name'])
        .merge()
  }
  if (changes.some(({ xml }) => xml !== undefined)) await checkRoom(db, fileId)
}

async function checkRoom(db: Db, fileId: string): Promise<void> {
  const [found] = (await db('dead_properties')
    .where('file_id', fileId)
    .select(db.raw('count(*) as count, sum(length(xml)) as characters'))) as unknown as {
    count: number
    characters: number
  }[]
  if (Number(found?.count ?? 0) <= MAX_PROPERTIES && Number(found?.characters ?? 0) <= MAX_CHARACTERS) return
  throw new InsufficientStorageError(
    `One resource may have ${MAX_PROPERTIES} properties of together ${MAX_CHARACTERS} characters.`,
    { code: 'TOO_MANY_PROPERTIES' },
  )
}

/** Replaces the properties of the second file of each pair by those of the first. */
export async function copyProperties(db: Db, pairs: readonly (readonly [string, string])[]): Promise<void> {
  for (let start = 0; start < pairs.length; start += PAIR_BATCH) {
    const target = new Map(pairs.slice(start, start + PAIR_BATCH))
    await db('dead_properties')
      .whereIn('file_id', [...target.values()])
      .delete()
    const found = await db<Columns>('dead_properties').whereIn('file_id', [...target.keys()])
    const copies = found.map((row) => ({ ...row, file_id: target.get(row.file_id) }))
    for (let at = 0; at < copies.length; at += PAIR_BATCH) {
      await db('dead_properties').insert(copies.slice(at, at + PAIR_BATCH))
    }
  }
}

function toProperty({ namespace, name, xml }: Columns): DeadProperty {
  return { namespace, name, xml }
}
