import { measureRates } from './rates.ts'

const [files = 100_000, ended = 50_000, jobs = 20] = process.argv.slice(2).map(Number)
const rates = await measureRates(files, Math.min(ended, files), jobs)
process.stdout.write(`${JSON.stringify(rates)}\n`)
