import { openDb } from '../../../src/platform/db.ts'
import { TestEngine } from './test-engine.ts'

/** Orders a copy between two servers in a process of its own, to be killed. Says `ready` when it runs. */
const [file = '', folder = '', source = '', destination = ''] = process.argv.slice(2)
const db = openDb({ client: 'sqlite', file })
const engine = await TestEngine.start({ db, folder, sourceUrl: 'http://127.0.0.1:1', workerId: 'child' })
await engine.submit({
  source: { url: source },
  destination: { url: destination },
  executor: 'third-party',
  overwrite: 'never',
})
process.stdout.write('ready\n')
// Waiting timers do not keep a process alive.
process.stdin.resume()
