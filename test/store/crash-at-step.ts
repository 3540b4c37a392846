import fs from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { openDb } from '../../src/platform/db.ts'
import { openCrashNode, scenarios } from './crash-scenarios.ts'

/**
 * A process that kills itself before the n-th change of the disk or the database that an act makes:
 * `crash-at-step.ts <database> <folder> <scenario> <n>`. It prints `done` when there are fewer.
 */
const [file, folder, name, last] = process.argv.slice(2) as [string, string, string, string]
const scenario = scenarios[name]
if (scenario === undefined) throw new Error(`no scenario ${name}`)

type Functions = Record<string, (...args: unknown[]) => unknown>

let step = 0
function countFrom(
  owner: object,
  names: readonly string[],
  counts: (args: unknown[]) => boolean = () => true,
) {
  const functions = owner as Functions
  for (const key of names) {
    const original = functions[key]
    if (original === undefined) throw new Error(`no function ${key}`)
    functions[key] = function (this: unknown, ...args: unknown[]) {
      if (counts(args) && ++step === Number(last)) process.kill(process.pid, 'SIGKILL')
      return original.apply(this, args)
    }
  }
}

/** From now on every change counts; what only reads does not. */
async function arm(): Promise<void> {
  const handle = await fs.promises.open('/dev/null', 'w')
  const handles = Object.getPrototypeOf(handle) as object
  await handle.close()
  countFrom(fs.promises, ['rename', 'link', 'unlink', 'mkdir', 'rm', 'rmdir', 'writeFile', 'copyFile'])
  countFrom(fs.promises, ['open'], ([, flags]) => /[wax+]/.test(String(flags)))
  countFrom(fs, ['open'], ([, flags]) => (Number(flags) & fs.constants.O_CREAT) !== 0)
  countFrom(handles, ['write', 'writev', 'utimes', 'sync', 'datasync'])
  countFrom(fs, [
    'fsync',
    'futimesSync',
    'write',
    'writev',
    'writeSync',
    'renameSync',
    'unlinkSync',
    'mkdirSync',
  ])
  syncBuiltinESMExports()
  const database = createRequire(import.meta.url)('better-sqlite3') as { prototype: object }
  countFrom(database.prototype, ['prepare'], ([sql]) => !/^\s*(select|with)/i.test(String(sql)))
}

const db = openDb({ client: 'sqlite', file })
const node = await openCrashNode(db, folder)
await scenario.prepare(node)
await arm()
await scenario.act(node)
fs.writeSync(1, 'done')
process.exit(0)
