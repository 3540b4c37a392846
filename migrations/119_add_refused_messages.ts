import type { Migration } from './migration.ts'

const COLUMNS = ['refused_fault', 'refused_text', 'refused_since_ms', 'refused_at_ms'] as const

/** Messages in the name of a server whose signatures did not hold, since the last that did. */
export const addRefusedMessages: Migration = {
  name: '119_add_refused_messages',
  async up(db) {
    await db.schema.alterTable('ocm_peers', (t) => {
      t.text('refused_fault')
      t.text('refused_text')
      t.bigInteger('refused_since_ms')
      t.bigInteger('refused_at_ms')
    })
  },
  async down(db) {
    await db.schema.alterTable('ocm_peers', (t) => void t.dropColumns(...COLUMNS))
  },
}
