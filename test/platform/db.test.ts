import { describe, expect, it } from 'vitest'
import { migrateToLatest, migrateToNothing, migrationStatus, migrations } from '../../migrations/index.ts'
import { type Db, inTransaction } from '../../src/platform/db.ts'
import { createTestDatabase, type Engine, engines } from '../support/databases.ts'

/** Every table with its columns; the same text on both engines. */
async function schemaOf(db: Db, engine: Engine): Promise<string> {
  const tables: { name: string }[] =
    engine === 'sqlite'
      ? await db('sqlite_master').select('name').where({ type: 'table' }).whereNot('name', 'like', 'sqlite_%')
      : await db('pg_tables').select({ name: 'tablename' }).where({ schemaname: 'public' })
  const lines = await Promise.all(
    tables
      .filter(({ name }) => !name.startsWith('migrations'))
      .map(async ({ name }) => {
        const columns = Object.keys(await db(name).columnInfo()).map((column) => `  ${column}`)
        return [name, ...columns.sort()].join('\n')
      }),
  )
  return `${lines.sort().join('\n')}\n`
}

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

  it('has the tables and columns that the last landed step left', async () => {
    const { db, close } = await createTestDatabase(engine)
    await expect(await schemaOf(db, engine)).toMatchFileSnapshot('schema.snap')
    await close()
  })

  it('names no value in the errors of a statement', async () => {
    const { db, close } = await createTestDatabase(engine)
    const failing = db('users').where({ password_hash: 'a secret', no_column: 1 })
    const error = await failing.then(
      () => new Error('did not fail'),
      (error: Error) => error,
    )
    expect(error.message).toContain('no_column')
    expect(error.message).not.toContain('a secret')
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
