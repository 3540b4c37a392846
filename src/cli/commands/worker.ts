import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import { type CliContext, onAction } from '../context.ts'
import { formatBytes, formatTime } from '../format.ts'

const WORKER_HELP = `
A delivery worker is "causeway deliver" on another host. For administrators of the node.`

/** Adds `worker …`: which hosts may move bytes for the node. */
export function registerWorker(program: Command, context: CliContext): void {
  const worker = program
    .command('worker')
    .description('Further hosts that move bytes for the node.')
    .addHelpText('after', WORKER_HELP)
  registerList(worker, context)
  const add = worker.command('add').argument('<name>').description('Let one in; prints its token, this once.')
  onAction(add, context, async ({ api, args: [name = ''], output }) => {
    const made = await (await api()).addTransferWorker({ body: { name } })
    output.result(made, () => made.token)
    output.note(
      'Shown only now. Run "causeway deliver --node URL --token-file FILE" with it on the other host.',
    )
  })
  const revoke = worker
    .command('revoke')
    .argument('<name>')
    .description('Let one in no more; what it holds goes to others.')
  onAction(revoke, context, async ({ api, args: [name = ''], output }) => {
    await (await api()).revokeTransferWorker({ params: { name } })
    output.note(`${name} is let in no more.`)
  })
  registerDrain(worker, context, 'drain', 'It ends what it has and gets nothing more.')
  registerDrain(worker, context, 'resume', 'It gets work again.')
}

function registerList(worker: Command, context: CliContext): void {
  const list = worker.command('list').description('All of them, and what each does.')
  onAction(list, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listTransferWorkers')), {
      headings: ['NAME', 'STATE', 'RUNNING', 'SLOTS', 'LOAD', 'DONE', 'FAILED', 'BYTES', 'SEEN', 'SHARES'],
      row: (item) => [
        item.name,
        item.state,
        String(item.files.length),
        String(item.slots),
        String(item.load),
        String(item.filesDone),
        String(item.filesFailed),
        formatBytes(item.bytesTotal),
        item.seenAt === undefined ? '' : formatTime(item.seenAt),
        item.prefixes.join(' '),
      ],
      alignRight: [2, 3, 4, 5, 6, 7],
      empty: 'No delivery workers.',
    })
  })
}

function registerDrain(worker: Command, context: CliContext, verb: 'drain' | 'resume', what: string): void {
  const command = worker.command(verb).argument('<name>').description(what)
  onAction(command, context, async ({ api, args: [name = ''], output }) => {
    const changed = await (await api())[`${verb}TransferWorker` as const]({ params: { name } })
    output.result(changed, () => `${changed.name} is ${changed.state}`)
  })
}
