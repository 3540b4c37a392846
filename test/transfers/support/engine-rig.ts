import { createTestDatabase, type Engine, type TestDatabase } from '../../support/databases.ts'
import { SourceServer } from './source-server.ts'
import { TestEngine, type TestEngineOptions } from './test-engine.ts'

/** An engine on an empty database, fed by a server whose answers the test decides. */
export interface EngineRig {
  database: TestDatabase
  source: SourceServer
  engine: TestEngine
}

export async function startRig(
  options: Partial<TestEngineOptions> = {},
  engineName: Engine = 'sqlite',
): Promise<EngineRig> {
  const database = await createTestDatabase(engineName)
  const source = await SourceServer.start()
  const engine = await TestEngine.start({ db: database.db, sourceUrl: source.url, ...options })
  return { database, source, engine }
}

export async function closeRig({ database, source, engine }: EngineRig): Promise<void> {
  await engine.close()
  await source.close()
  await database.close()
}
