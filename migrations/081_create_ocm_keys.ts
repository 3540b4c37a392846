import type { Migration } from './migration.ts'

/** Our signing keys and their rotation, the keys that peers have signed with, and whom we refuse. */
export const createOcmKeys: Migration = {
  name: '081_create_ocm_keys',
  async up(db) {
    await db.schema.createTable('ocm_signing_keys', (t) => {
      t.text('kid').primary()
      t.text('kind').notNullable()
      t.text('state').notNullable()
      t.text('public_jwk').notNullable()
      // Gone once the key is retired.
      t.text('private_sealed')
      t.bigInteger('created_at_ms').notNullable()
      t.bigInteger('changed_at_ms').notNullable()
    })
    // Of several workers that make the first key at once, one wins.
    await db.raw(
      "create unique index ocm_signing_keys_active on ocm_signing_keys (kind) where state = 'active'",
    )
    await db.schema.createTable('ocm_peer_keys', (t) => {
      t.text('host').notNullable()
      t.text('fingerprint').notNullable()
      t.text('key_id').notNullable()
      t.text('form').notNullable()
      t.text('state').notNullable()
      t.bigInteger('first_seen_at_ms').notNullable()
      t.bigInteger('last_seen_at_ms').notNullable()
      t.primary(['host', 'fingerprint'])
    })
    await db.schema.createTable('ocm_denied_hosts', (t) => {
      t.text('host').primary()
      t.bigInteger('added_at_ms').notNullable()
    })
  },
  async down(db) {
    await db.schema.dropTable('ocm_denied_hosts')
    await db.schema.dropTable('ocm_peer_keys')
    await db.schema.dropTable('ocm_signing_keys')
  },
}
