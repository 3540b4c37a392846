import type { Migration } from './migration.ts'

export const createOcmPeers: Migration = {
  name: '020_create_ocm_peers',
  async up(db) {
    await db.schema.createTable('ocm_trusted_hosts', (t) => {
      t.text('host').primary()
      t.bigInteger('added_at_ms').notNullable()
    })
    await db.schema.createTable('ocm_replays', (t) => {
      t.text('hash').primary()
      t.bigInteger('expires_at_ms').notNullable()
      t.index(['expires_at_ms'])
    })
  },
  async down(db) {
    await db.schema.dropTable('ocm_replays')
    await db.schema.dropTable('ocm_trusted_hosts')
  },
}
