import type { Migration } from './migration.ts'

/** Storage that users and operators defined once, so that orders name it and nobody types its secrets. */
export const createTransferEndpoints: Migration = {
  name: '091_create_transfer_endpoints',
  async up(db) {
    await db.schema.createTable('transfer_endpoints', (t) => {
      t.text('id').primary()
      // Null: of the operator.
      t.text('owner_user_id').references('users.id').onDelete('CASCADE')
      // The owner, or empty for the operator: a null would not be unique.
      t.text('owner_key').notNullable()
      t.text('name').notNullable()
      t.text('kind').notNullable()
      t.text('url')
      // JSON, nothing secret in it.
      t.text('parameters').notNullable()
      // JSON under the key of the node.
      t.text('secrets_sealed')
      // JSON list of the groups who may use one of the operator; null: everybody.
      t.text('group_names')
      // JSON: what it can do, as told and as found out.
      t.text('abilities').notNullable()
      t.bigInteger('created_at_ms').notNullable()
      t.unique(['owner_key', 'name'])
    })
  },
  async down(db) {
    await db.schema.dropTable('transfer_endpoints')
  },
}
