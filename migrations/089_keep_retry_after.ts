import type { Migration } from './migration.ts'

/** When a busy server wants to be asked again: not sooner, although it is heard of meanwhile. */
export const keepRetryAfter: Migration = {
  name: '089_keep_retry_after',
  async up(db) {
    await db.schema.alterTable('share_messages', (t) => {
      t.bigInteger('not_before_ms')
    })
  },
  async down(db) {
    await db.schema.alterTable('share_messages', (t) => {
      t.dropColumns('not_before_ms')
    })
  },
}
