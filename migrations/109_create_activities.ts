import type { Migration } from './migration.ts'

/** What happened to whom, for people to look up; and how far each drive's journal was read for it. */
export const createActivities: Migration = {
  name: '109_create_activities',
  async up(db) {
    await db.schema.createTable('activities', (t) => {
      // Grows with time, so that two of one millisecond have an order.
      t.text('id').primary()
      t.text('user_id').notNullable().references('users.id').onDelete('CASCADE')
      t.bigInteger('at_ms').notNullable()
      t.text('kind').notNullable()
      t.text('actor_name').notNullable()
      t.text('actor_address')
      t.text('subject_type').notNullable()
      t.text('subject_id')
      t.text('subject_name').notNullable()
      t.text('path')
      // What else the sentence says, as JSON.
      t.text('facts').notNullable()
      // What may be told once only.
      t.text('once_key')
      t.unique(['user_id', 'once_key'])
      t.index(['user_id', 'id'])
      t.index(['at_ms'])
    })
    await db.schema.createTable('activity_marks', (t) => {
      t.text('space_id').primary().references('spaces.id').onDelete('CASCADE')
      t.bigInteger('seq').notNullable()
      t.bigInteger('at_ms').notNullable()
    })
    // What happened before is not told.
    await db.raw('insert into activity_marks (space_id, seq, at_ms) select id, change_seq, 0 from spaces')
  },
  async down(db) {
    await db.schema.dropTable('activity_marks')
    await db.schema.dropTable('activities')
  },
}
