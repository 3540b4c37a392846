import { describe, expect, it } from 'vitest'
import { migrateToLatest, migrateToNothing, migrationStatus, migrations } from '../../migrations/index.ts'
import { inTransaction } from '../../src/platform/db.ts'
import { createTestDatabase, engines } from '../support/databases.ts'

describe.each(engines)('the schema on %s', (engine) => {
  it('goes up, down to nothing and up again', async () => {
    const { db, close } = await createTestDatabase(engine, { migrate: false })
    await migrateToLatest(db)
    expect((await migrationStatus(db)).done).toEqual(migrations.map((step) => step.name))
    await migrateToNothing(db)
    expect((await migrationStatus(db)).pending).toEqual(migrations.map((step) => step.name))
    expect(await db.schema.hasTable('users')).toBe(false)
    await migrateToLatest(db)
    expect(await db.schema.hasTable('users')).toBe(true)
    await close()
  })

  it('takes back a transaction that throws', async () => {
    const { db, close } = await createTestDatabase(engine)
    const row = { id: 'u1', name: 'ann', display_name: 'Ann', email: '', password_hash: '', created_at_ms: 1 }
    const failing = inTransaction(db, async (tx) => {
      await tx('users').insert(row)
      throw new Error('stop here')
    })
    await expect(failing).rejects.toThrow('stop here')
    expect(await db('users').select('id')).toEqual([])
    await close()
  })
})
