import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

/** Contacts, invitations, shares given and received, and notices to peers that wait for delivery. */
export const createShareTables: Migration = {
  name: '030_create_shares',
  async up(db) {
    await createContacts(db)
    await createInvitations(db)
    await createOutgoing(db)
    await createReceived(db)
    await createNotices(db)
  },
  async down(db) {
    await db.schema.dropTable('share_notices')
    await db.schema.dropTable('received_shares')
    await db.schema.dropTable('shares')
    await db.schema.dropTable('invitations')
    await db.schema.dropTable('contacts')
  },
}

async function createContacts(db: Knex): Promise<void> {
  await db.schema.createTable('contacts', (t) => {
    t.text('id').primary()
    t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
    t.text('remote_user_id').notNullable()
    t.text('host').notNullable()
    t.text('display_name').notNullable()
    t.text('email').notNullable()
    t.bigInteger('created_at_ms').notNullable()
    t.unique(['user_id', 'host', 'remote_user_id'])
  })
}

async function createInvitations(db: Knex): Promise<void> {
  await db.schema.createTable('invitations', (t) => {
    t.text('id').primary()
    t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
    t.text('token_hash').notNullable().unique()
    t.text('token_sealed').notNullable()
    t.text('description').notNullable()
    t.text('email').notNullable()
    t.text('state').notNullable()
    t.bigInteger('created_at_ms').notNullable()
    t.bigInteger('expires_at_ms').notNullable()
    t.text('accepted_contact_id')
    t.index(['user_id'])
  })
}

async function createOutgoing(db: Knex): Promise<void> {
  await db.schema.createTable('shares', (t) => {
    t.text('id').primary()
    t.text('owner_user_id').notNullable().references('users.id').onDelete('CASCADE')
    t.text('file_id').notNullable()
    t.text('name').notNullable()
    t.text('kind').notNullable()
    t.text('role').notNullable()
    t.text('recipient_type').notNullable()
    t.text('recipient_id').notNullable()
    t.text('recipient_host').notNullable()
    t.text('recipient_user_id')
    t.text('recipient_name').notNullable()
    t.text('secret_hash')
    t.text('state').notNullable()
    t.text('note').notNullable()
    t.bigInteger('created_at_ms').notNullable()
    t.bigInteger('expires_at_ms')
    t.index(['owner_user_id'])
    t.index(['file_id'])
  })
}

async function createReceived(db: Knex): Promise<void> {
  await db.schema.createTable('received_shares', (t) => {
    t.text('id').primary()
    t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
    t.text('source').notNullable()
    t.text('peer_host').notNullable()
    t.text('provider_id').notNullable()
    for (const person of ['owner', 'sender']) {
      t.text(`${person}_id`).notNullable()
      t.text(`${person}_host`).notNullable()
      t.text(`${person}_name`).notNullable()
    }
    t.text('name').notNullable()
    t.text('kind').notNullable()
    t.text('role').notNullable()
    t.text('note').notNullable()
    t.text('webdav_uri')
    t.text('secret_sealed')
    t.text('state').notNullable()
    // Only an accepted share has one, so that two can never stand under one name in a drive.
    t.text('mount_name')
    t.text('root_facts')
    t.bigInteger('created_at_ms').notNullable()
    t.bigInteger('expires_at_ms')
    t.unique(['peer_host', 'provider_id', 'user_id'])
    t.unique(['user_id', 'mount_name'])
    t.index(['provider_id'])
  })
}

async function createNotices(db: Knex): Promise<void> {
  await db.schema.createTable('share_notices', (t) => {
    t.text('id').primary()
    t.text('peer_host').notNullable()
    t.text('type').notNullable()
    t.text('resource_type').notNullable()
    t.text('provider_id').notNullable()
    t.text('secret_sealed')
    t.integer('tries').notNullable()
    t.bigInteger('next_try_at_ms').notNullable()
    t.bigInteger('created_at_ms').notNullable()
    t.index(['next_try_at_ms'])
  })
}
