import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

/**
 * Every message about a share that goes to another server, in place of the notices alone; what may be passed
 * on, and what was; shares whose server no longer lets us in.
 */
export const createShareMessages: Migration = {
  name: '083_create_share_messages',
  async up(db) {
    await createMessages(db)
    await moveNotices(db)
    await db.schema.dropTable('share_notices')
    await db.schema.alterTable('shares', (t) => {
      // What other servers want to be shown with a notification; gone when the share ends.
      t.text('secret_sealed')
      t.integer('may_reshare').notNullable().defaultTo(0)
      // A share that was passed on: of which received one, and which place in it.
      t.text('via_received_id')
      t.text('via_path')
      // The share whose recipient asked for this one.
      t.text('parent_id')
      t.index(['via_received_id'])
      t.index(['parent_id'])
      t.index(['expires_at_ms'])
    })
    await db.schema.alterTable('received_shares', (t) => {
      t.integer('may_reshare').notNullable().defaultTo(0)
      t.bigInteger('gone_at_ms')
      t.index(['expires_at_ms'])
    })
  },
  async down(db) {
    await db.schema.alterTable('received_shares', (t) => {
      t.dropIndex(['expires_at_ms'])
      t.dropColumns('may_reshare', 'gone_at_ms')
    })
    await db.schema.alterTable('shares', (t) => {
      t.dropIndex(['expires_at_ms'])
      t.dropIndex(['parent_id'])
      t.dropIndex(['via_received_id'])
      t.dropColumns('secret_sealed', 'may_reshare', 'via_received_id', 'via_path', 'parent_id')
    })
    await createNotices(db)
    await db.schema.dropTable('share_messages')
  },
}

async function createMessages(db: Knex): Promise<void> {
  await db.schema.createTable('share_messages', (t) => {
    t.text('id').primary()
    t.text('user_id').notNullable()
    // `given`, `received` or `contact`, and its id: messages about one thing go in order.
    t.text('side').notNullable()
    t.text('subject_id').notNullable()
    t.integer('position').notNullable()
    t.text('peer_host').notNullable()
    t.text('type').notNullable()
    t.text('body').notNullable()
    t.text('secret_sealed')
    t.text('state').notNullable()
    t.integer('tries').notNullable()
    t.bigInteger('next_try_at_ms').notNullable()
    // Set while somebody sends it.
    t.bigInteger('claimed_until_ms')
    t.integer('may_have_arrived').notNullable()
    t.text('last_error')
    t.bigInteger('created_at_ms').notNullable()
    t.bigInteger('expires_at_ms').notNullable()
    t.unique(['side', 'subject_id', 'position'])
    t.index(['state', 'next_try_at_ms'])
    t.index(['user_id'])
  })
}

interface Notice {
  id: string
  peer_host: string
  type: string
  resource_type: string
  provider_id: string
  secret_sealed: string | null
  tries: number
  next_try_at_ms: number
  created_at_ms: number
}

const WEEK_MS = 7 * 86_400_000

async function moveNotices(db: Knex): Promise<void> {
  for (const notice of await db<Notice>('share_notices').select()) {
    const { id, peer_host, type, provider_id, resource_type, created_at_ms } = notice
    const given = await db('shares').where({ id: provider_id, recipient_host: peer_host }).first()
    const received = await db('received_shares').where({ peer_host, provider_id }).first()
    const subject = given ?? received
    if (subject === undefined) continue
    await db('share_messages').insert({
      ...{ id, peer_host, type, created_at_ms, position: 1, state: 'waiting', may_have_arrived: 0 },
      user_id: given?.owner_user_id ?? received?.user_id,
      side: given === undefined ? 'received' : 'given',
      subject_id: subject.id,
      body: JSON.stringify({ type, resourceType: resource_type, providerId: provider_id }),
      secret_sealed: notice.secret_sealed,
      tries: notice.tries,
      next_try_at_ms: notice.next_try_at_ms,
      expires_at_ms: created_at_ms + WEEK_MS,
    })
  }
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
