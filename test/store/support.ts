import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/platform/clock.ts'
import {
  createSpaces,
  type FileStore,
  type Spaces,
  type SpacesConfig,
  type SpacesOptions,
} from '../../src/store/index.ts'
import { createTestDatabase, type Engine, type TestDatabase } from '../support/databases.ts'

export interface TestSpaces {
  database: TestDatabase
  spaces: Spaces
  /** What they were made with, for a second process of the same node. */
  options: SpacesOptions
  /** Folder of all spaces. */
  folder: string
  store: FileStore
  /** The tree of `store` on the disk. */
  files: string
  /** The staging folder of `store`. */
  staging: string
  close(): Promise<void>
}

/** Spaces in a temporary folder with the drive of one user. */
export async function createTestSpaces(
  engine: Engine,
  config: Partial<SpacesConfig> = {},
): Promise<TestSpaces> {
  const database = await createTestDatabase(engine)
  const folder = config.folder ?? (await mkdtemp(join(tmpdir(), 'causeway-store-')))
  const options: SpacesOptions = {
    db: database.db,
    clock: systemClock,
    config: { fsync: 'never', ...config, folder },
  }
  const spaces = createSpaces(options)
  const store = await spaces.spaceOf('ann')
  const { scope } = await store.locate([])
  return {
    database,
    spaces,
    options,
    folder,
    store,
    files: join(folder, scope, 'files'),
    staging: join(folder, scope, 'staging'),
    close: async () => {
      await spaces.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
