import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { readPeakMemory } from '../../bench/memory.ts'

const GROWN_MIB = 64
const FILL = `const memory = Buffer.alloc(${GROWN_MIB} * 1024 * 1024, 1)`
/** Starts two that fill memory, as a node starts its workers, says that they have, and ends with its input. */
const PRIMARY = `
const { spawn } = require('node:child_process')
const grow = ${JSON.stringify(`${FILL}; console.log(memory.length); process.stdin.resume()`)}
const children = [1, 2].map(() => spawn(process.execPath, ['-e', grow], { stdio: ['pipe', 'pipe', 'inherit'] }))
Promise.all(children.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))))
  .then(() => console.log(JSON.stringify(children.map((child) => child.pid))))
process.stdin.resume().on('end', () => process.exit())
`

describe.runIf(process.platform === 'linux')('the memory of a server', () => {
  let primary: ChildProcess | undefined

  afterEach(() => {
    primary?.stdin?.end()
  })

  it('is that of its first process and of all below it', async () => {
    primary = spawn(process.execPath, ['-e', PRIMARY], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [said] = (await once(primary.stdout ?? primary, 'data')) as [Buffer]
    const pids = JSON.parse(said.toString()) as number[]
    const alone = await Promise.all(pids.map(readPeakMemory))
    expect(Math.min(...alone)).toBeGreaterThan(GROWN_MIB)
    const sum = alone.reduce((total, one) => total + one, 0)
    expect(await readPeakMemory(primary.pid ?? 0)).toBeGreaterThan(sum)
  })
})
