import type { Migration } from './migration.ts'

/** What people are told of once while it lasts: full drives, a full disk, servers that are away. */
export const watchTheNode: Migration = {
  name: '118_watch_the_node',
  async up(db) {
    await db.schema.createTable('watch_states', (t) => {
      t.text('kind').notNullable()
      t.text('subject_id').notNullable()
      t.bigInteger('since_ms').notNullable()
      // The last time that it was seen, and how often.
      t.bigInteger('last_ms').notNullable()
      t.integer('times').notNullable()
      t.bigInteger('told_at_ms')
      t.primary(['kind', 'subject_id'])
    })
  },
  async down(db) {
    await db.schema.dropTable('watch_states')
  },
}
