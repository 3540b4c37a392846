import type { Knex } from 'knex'
import type { Migration } from './migration.ts'

/** Groups of people, shares of other servers for a group, and public links. */
export const createGroupsAndLinks: Migration = {
  name: '085_create_groups_and_links',
  async up(db) {
    await createGroups(db)
    await createReceivedGroupShares(db)
    await createLinks(db)
  },
  async down(db) {
    await db.schema.dropTable('share_links')
    await db.schema.dropTable('received_group_shares')
    await db.schema.dropTable('user_group_members')
    await db.schema.dropTable('user_groups')
  },
}

async function createGroups(db: Knex): Promise<void> {
  await db.schema.createTable('user_groups', (t) => {
    t.text('id').primary()
    t.text('name').notNullable().unique()
    t.text('display_name').notNullable()
    t.bigInteger('created_at_ms').notNullable()
  })
  await db.schema.createTable('user_group_members', (t) => {
    t.text('group_id').notNullable().references('user_groups.id').onDelete('CASCADE')
    t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
    t.bigInteger('joined_at_ms').notNullable()
    t.primary(['group_id', 'user_id'])
    t.index(['user_id'])
  })
}

/** What a member who joins later is given, too. */
async function createReceivedGroupShares(db: Knex): Promise<void> {
  await db.schema.createTable('received_group_shares', (t) => {
    t.text('peer_host').notNullable()
    t.text('provider_id').notNullable()
    t.text('group_id').notNullable().references('user_groups.id').onDelete('CASCADE')
    t.text('facts').notNullable()
    t.integer('is_accepted').notNullable()
    t.integer('is_over').notNullable()
    t.bigInteger('created_at_ms').notNullable()
    t.primary(['peer_host', 'provider_id'])
    t.index(['group_id'])
  })
}

/** What a share has more when it is a link. */
async function createLinks(db: Knex): Promise<void> {
  await db.schema.createTable('share_links', (t) => {
    t.text('share_id').primary().references('shares.id').onDelete('CASCADE')
    t.text('token_hash').notNullable().unique()
    t.text('token_sealed').notNullable()
    t.text('password_hash')
    t.bigInteger('downloads').notNullable()
  })
}
