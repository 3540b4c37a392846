import { systemClock } from '../../../src/platform/clock.ts'
import { openDb } from '../../../src/platform/db.ts'
import { TestEngine } from './test-engine.ts'

/**
 * A node's transfers in a process of their own, to be killed: database file or URL of PostgreSQL, source
 * URL, folder, and optionally the destination of a job to order, the lease, and `yes` for one that uses the
 * cache. Says `ready` when it runs.
 */
const [database = '', sourceUrl = '', folder = '', destination, leaseSeconds = '30', cache] =
  process.argv.slice(2)
const db = openDb(
  database.startsWith('postgres:')
    ? { client: 'postgres', url: database, poolSize: 4 }
    : { client: 'sqlite', file: database },
)
const engine = await TestEngine.start({
  db,
  sourceUrl,
  folder,
  clock: systemClock,
  workerId: 'child',
  config: {
    leaseSeconds: Number(leaseSeconds),
    cache: { maxBytes: 1e9, minFreeBytes: 0, lifetimeDays: 1, hardLinks: true },
  },
})
if (destination !== undefined)
  await engine.submit({
    destination: { path: destination },
    ...(cache === 'yes' ? { options: { cache } } : {}),
  })
process.stdout.write('ready\n')
// Waiting timers do not keep a process alive.
process.stdin.resume()
