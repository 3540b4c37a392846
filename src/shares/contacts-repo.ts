import type { Db } from '../platform/db.ts'
import { applyPage, type PageAsk, type PageOrder } from '../platform/paging.ts'
import type { Contact } from './types.ts'

interface Row {
  id: string
  user_id: string
  remote_user_id: string
  host: string
  display_name: string
  email: string
  created_at_ms: number
  auto_copy_to: string | null
  auto_copy_since_ms: number | null
}

function toContact(row: Row): Contact {
  return {
    id: row.id,
    userId: row.user_id,
    remoteUserId: row.remote_user_id,
    host: row.host,
    displayName: row.display_name,
    email: row.email,
    createdAtMs: row.created_at_ms,
    ...(row.auto_copy_to === null ? {} : { autoCopyTo: row.auto_copy_to }),
  }
}

/** Stores a contact; one that is there already gets the new name and mail address and keeps its id. */
export async function saveContact(db: Db, contact: Contact): Promise<Contact> {
  const row: Omit<Row, 'auto_copy_to' | 'auto_copy_since_ms'> = {
    id: contact.id,
    user_id: contact.userId,
    remote_user_id: contact.remoteUserId,
    host: contact.host,
    display_name: contact.displayName,
    email: contact.email,
    created_at_ms: contact.createdAtMs,
  }
  await db('contacts')
    .insert(row)
    .onConflict(['user_id', 'host', 'remote_user_id'])
    .merge(['display_name', 'email'])
  return (await findContact(db, contact)) ?? contact
}

/** The contact of a user with that person, if an invitation ever connected them. */
export async function findContact(
  db: Db,
  key: Pick<Contact, 'userId' | 'host' | 'remoteUserId'>,
): Promise<Contact | undefined> {
  const where = { user_id: key.userId, host: key.host, remote_user_id: key.remoteUserId }
  const row = await db<Row>('contacts').where(where).first()
  return row && toContact(row)
}

/** By name, then id. */
export const CONTACTS_ORDER: PageOrder = [{ kind: 'string' }, { kind: 'string' }]

/** The contacts of a user by name; all of them, or a page. */
export async function listContacts(db: Db, userId: string, page?: PageAsk): Promise<Contact[]> {
  const query = db('contacts').where({ user_id: userId })
  const rows: Row[] = await applyPage(query, ['display_name', 'id'], CONTACTS_ORDER, page)
  return rows.map(toContact)
}

/** Whose contact somebody on another server is. */
export async function listContactsAt(db: Db, host: string, remoteUserId: string): Promise<Contact[]> {
  const rows = await db<Row>('contacts').where({ host, remote_user_id: remoteUserId })
  return rows.map(toContact)
}

/** Says where what this contact offers goes unasked, from now on, or that nothing does; false when there is none. */
export async function setAutoCopy(
  db: Db,
  key: { userId: string; id: string },
  autoCopyTo: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const sinceMs = autoCopyTo === undefined ? null : nowMs
  const count = await db('contacts')
    .where({ user_id: key.userId, id: key.id })
    .update({ auto_copy_to: autoCopyTo ?? null, auto_copy_since_ms: sinceMs })
  return count > 0
}

/** False when the user has no such contact. */
export async function deleteContact(db: Db, userId: string, id: string): Promise<boolean> {
  return (await db('contacts').where({ user_id: userId, id }).delete()) > 0
}
