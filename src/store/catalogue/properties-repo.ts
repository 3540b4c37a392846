import { type Db, inTransaction } from '../../platform/db.ts'
import { InsufficientStorageError } from '../../platform/errors.ts'
import type { DeadProperty, PropertyChange } from '../types.ts'
import type { PropertyIndex } from './file-index.ts'

const PAIR_BATCH = 400
const ID_BATCH = 1_000
/** What clients keep are a dozen; they are no second drive beside the quota. */
const MAX_PROPERTIES = 1_000
const MAX_CHARACTERS = 1024 * 1024

interface Columns extends DeadProperty {
  file_id: string
}

/** Dead properties in SQL. */
export class PropertiesRepo implements PropertyIndex {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async list(fileId: string): Promise<DeadProperty[]> {
    const ofFile = this.db<Columns>('dead_properties').where('file_id', fileId)
    return (await ofFile.orderBy(['namespace', 'name'])).map(toProperty)
  }

  /** One query. */
  async listOfMembers(parentId: string): Promise<Map<string, DeadProperty[]>> {
    const members = this.db('files').select('id').where('parent_id', parentId)
    const ofMembers = this.db<Columns>('dead_properties').whereIn('file_id', members as never)
    return byFile(await ofMembers.orderBy(['file_id', 'namespace', 'name']))
  }

  async listOf(fileIds: readonly string[]): Promise<Map<string, DeadProperty[]>> {
    const found: Columns[] = []
    for (let start = 0; start < fileIds.length; start += ID_BATCH) {
      const batch = fileIds.slice(start, start + ID_BATCH)
      const ofBatch = this.db<Columns>('dead_properties').whereIn('file_id', batch)
      found.push(...(await ofBatch.orderBy(['file_id', 'namespace', 'name'])))
    }
    return byFile(found)
  }

  change(fileId: string, changes: readonly PropertyChange[]): Promise<void> {
    return inTransaction(this.db, (tx) => changeProperties(tx, fileId, changes))
  }

  async copy(pairs: readonly (readonly [string, string])[]): Promise<void> {
    for (let start = 0; start < pairs.length; start += PAIR_BATCH) {
      const target = new Map(pairs.slice(start, start + PAIR_BATCH))
      await this.db('dead_properties')
        .whereIn('file_id', [...target.values()])
        .delete()
      const found = await this.db<Columns>('dead_properties').whereIn('file_id', [...target.keys()])
      const copies = found.map((row) => ({ ...row, file_id: target.get(row.file_id) }))
      for (let at = 0; at < copies.length; at += PAIR_BATCH) {
        await this.db('dead_properties').insert(copies.slice(at, at + PAIR_BATCH))
      }
    }
  }
}

/**
 * Sets and removes in the order given (RFC 4918 9.2); call it in a transaction.
 * `InsufficientStorageError` when one resource would have too many.
 */
async function changeProperties(db: Db, fileId: string, changes: readonly PropertyChange[]): Promise<void> {
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

function byFile(rows: readonly Columns[]): Map<string, DeadProperty[]> {
  const found = new Map<string, DeadProperty[]>()
  for (const row of rows) {
    const known = found.get(row.file_id)
    if (known === undefined) found.set(row.file_id, [toProperty(row)])
    else known.push(toProperty(row))
  }
  return found
}

function toProperty({ namespace, name, xml }: Columns): DeadProperty {
  return { namespace, name, xml }
}
