import { systemClock } from '../../../src/platform/clock.ts'
import { openDb } from '../../../src/platform/db.ts'
import { TestEngine } from './test-engine.ts'

/**
 * A node's transfers in a process of their own, to be killed: database file, source URL, folder, and
 * optionally the destination of a job to order. Says `ready` when it runs.
 */
const [file, sourceUrl, folder, destination] = process.argv.slice(2) as [string, string, string, string?]
const db = openDb({ client: 'sqlite', file })
const engine = await TestEngine.start({ db, sourceUrl, folder, clock: systemClock, workerId: 'child' })
if (destination !== undefined) await engine.submit({ destination: { path: destination } })
process.stdout.write('ready\n')
// Waiting timers do not keep a process alive.
process.stdin.resume()
