import type { Migration } from './migration.ts'

export const createLocks: Migration = {
  name: '011_create_locks',
  async up(db) {
    await db.schema.createTable('locks', (t) => {
      t.text('token').primary()
      t.text('scope').notNullable()
      // Names joined and ended by a slash, `/a/b/`: no name holds one, so a prefix is always a tree.
      t.text('path').notNullable()
      t.text('mode').notNullable()
      t.text('depth').notNullable()
      t.text('owner_xml').notNullable()
      t.text('user_id').notNullable()
      t.integer('timeout_seconds').notNullable()
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['scope'])
      t.index(['expires_at_ms'])
    })
    // One row for each bottom store that ever held a lock: the row that racing LOCKs queue at.
    await db.schema.createTable('lock_scopes', (t) => {
      t.text('scope').primary()
    })
  },
  async down(db) {
    await db.schema.dropTable('lock_scopes')
    await db.schema.dropTable('locks')
  },
}
