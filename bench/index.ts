import { DisposalStack } from '../src/platform/disposal.ts'
import { readOptions } from './arguments.ts'
import { writeBetweenMarks } from './markdown.ts'
import { toMarkdown } from './report.ts'
import { runBench } from './run.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)
const servers = new DisposalStack()

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void servers.close().finally(() => process.exit(130)))
}
const options = readOptions(process.argv.slice(2))
if (options !== undefined) {
  // Every node of ours inherits it, like any setting of the environment.
  if (options.workers !== undefined) process.env.CAUSEWAY_SERVER__WORKERS = String(options.workers)
  try {
    const report = await runBench(options, servers, say)
    const text = toMarkdown(report)
    process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : text)
    if (options.out !== undefined) await writeBetweenMarks(options.out, text)
  } finally {
    await servers.close()
  }
}
