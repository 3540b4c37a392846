import type { Db } from '../platform/db.ts'

/**
 * Until the caller's transaction ends, a share stays as it is read after this: another that changes it at the same
 * time is waited for, or waits.
 *
 * The one order in which transactions take shares, or two would wait for each other and PostgreSQL end one: from
 * above to below. A given share before what its recipients here have of it; that before what they passed on of it;
 * a share before those its recipient asked for. Of several beside each other the older is the first, for nothing
 * stands on what is younger. Pushes, copies and messages come after their share.
 */
export async function holdRow(tx: Db, row: { givenId: string } | { receivedId: string }): Promise<void> {
  const [table, id] = 'givenId' in row ? ['shares', row.givenId] : ['received_shares', row.receivedId]
  await tx(table).where({ id }).forUpdate().first('id')
}
