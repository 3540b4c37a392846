import type { Migration } from './migration.ts'

/** Contacts whose offers of data are taken without asking, where to, and since when. */
export const addContactConsent: Migration = {
  name: '112_add_contact_consent',
  async up(db) {
    await db.schema.alterTable('contacts', (t) => {
      t.text('auto_copy_to')
      t.bigInteger('auto_copy_since_ms')
    })
  },
  async down(db) {
    await db.schema.alterTable('contacts', (t) => {
      t.dropColumns('auto_copy_to', 'auto_copy_since_ms')
    })
  },
}
