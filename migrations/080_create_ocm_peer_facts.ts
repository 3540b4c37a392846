import type { Migration } from './migration.ts'

/** What is known of other servers: what discovery said, the form they take, and how it went last. */
export const createOcmPeerFacts: Migration = {
  name: '080_create_ocm_peer_facts',
  async up(db) {
    await db.schema.createTable('ocm_peers', (t) => {
      t.text('host').primary()
      t.bigInteger('first_seen_at_ms').notNullable()
      t.text('dialect')
      t.text('dialect_guess')
      t.text('discovery')
      t.bigInteger('discovered_at_ms')
      t.bigInteger('clock_skew_ms')
      t.text('success_what')
      t.bigInteger('succeeded_at_ms')
      t.text('failure_what')
      t.text('failure_reason')
      t.text('failure_text')
      t.integer('failure_status')
      t.bigInteger('failed_at_ms')
    })
  },
  async down(db) {
    await db.schema.dropTable('ocm_peers')
  },
}
