import type { Migration } from './migration.ts'

/** CRC-32C of contents, where somebody declared it or the operator wants it computed. */
export const addCrc32c: Migration = {
  name: '114_add_crc32c',
  async up(db) {
    await db.schema.alterTable('files', (t) => {
      t.text('crc32c')
    })
  },
  async down(db) {
    await db.raw('alter table files drop column crc32c')
  },
}
