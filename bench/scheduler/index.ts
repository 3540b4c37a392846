import { measureRates } from './rates.ts'
import { simulate } from './simulation.ts'

const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)
const [what, ...numbers] = process.argv.slice(2)
const [first, second, third] = numbers.map(Number)

if (what === 'rates') {
  const files = first ?? 100_000
  say(await measureRates(files, Math.min(second ?? 50_000, files), third ?? 20))
} else if (what === 'year') {
  say(await simulate(first ?? 1_000_000, second ?? 1))
} else {
  process.stderr.write(
    'node bench/scheduler/index.ts rates [FILES [ENDED [JOBS]]] | year [REQUESTS [SEED]]\n',
  )
  process.exitCode = 2
}
