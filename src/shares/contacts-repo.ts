import type { Db } from '../platform/db.ts'
import type { Contact } from './types.ts'

interface Row {
  id: string
  user_id: string
  remote_user_id: string
  host: string
  display_name: string
  email: string
  created_at_ms: number
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
  }
}

/** Stores a contact; one that is there already gets the new name and mail address and keeps its id. */
export async function saveContact(db: Db, contact: Contact): Promise<Contact> {
  const row: Row = {
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

/** All contacts of a user by name. */
export async function listContacts(db: Db, userId: string): Promise<Contact[]> {
  const rows = await db<Row>('contacts').where({ user_id: userId }).orderBy(['display_name', 'id'])
  return rows.map(toContact)
}

/** Whose contact somebody on another server is. */
export async function listContactsAt(db: Db, host: string, remoteUserId: string): Promise<Contact[]> {
  const rows = await db<Row>('contacts').where({ host, remote_user_id: remoteUserId })
  return rows.map(toContact)
}

/** False when the user has no such contact. */
export async function deleteContact(db: Db, userId: string, id: string): Promise<boolean> {
  return (await db('contacts').where({ user_id: userId, id }).delete()) > 0
}
