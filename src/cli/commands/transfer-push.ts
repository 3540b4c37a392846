import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import type { Push } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { formatBytes, formatTime } from '../format.ts'
import { parseDriveOnly } from '../locations.ts'
import { parseMoment } from '../moment.ts'

interface PushOptions {
  label?: string
  note?: string
  once?: boolean
  expires?: string
}

const PUSH_HELP = `
They are asked to take a copy. At their node: causeway share accept ID --copy-to /inbox/data, or unasked where
"causeway contacts auto-copy" says so. A server that knows no such offers gets an ordinary share to read.
Take it back with "causeway share revoke ID".`

/** Adds `transfer push` and `transfer pushes`. */
export function registerPush(transfer: Command, context: CliContext): void {
  const push = transfer
    .command('push')
    .argument('<path>', 'file or folder in your drive, such as drive:/data')
    .argument('<with>', 'user@host, or the name of a user of this node')
    .option('--label <text>', 'a name of yours, not told to them')
    .option('--note <text>', 'a word to the recipient')
    .option('--once', 'end the share when the copy is there and verified')
    .option('--expires <date>', 'fetch it by then, such as 2027-01-31 or 2027-01-31T12:00Z')
    .description('Offer data to somebody, to be copied to their node.')
    .addHelpText('after', PUSH_HELP)
  onAction<PushOptions>(push, context, run)

  const pushes = transfer.command('pushes').description('What you offered to others, and how far it is.')
  onAction(pushes, context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listPushes')), {
      headings: ['ID', 'STATE', 'PATH', 'FOR', 'SINCE', 'COPIED', 'LABEL'],
      row: (one) => [
        one.id,
        stateOf(one),
        one.path,
        one.recipient.address,
        formatTime(one.updatedAt),
        one.sizeBytes === undefined ? '' : formatBytes(one.sizeBytes),
        one.label ?? '',
      ],
      alignRight: [5],
      empty: 'You pushed nothing.',
    })
  })
}

async function run({
  api,
  args: [path = '', shareWith = ''],
  options,
  output,
}: CommandCall<PushOptions>): Promise<void> {
  const { label, note, once } = options
  const expiresAt = options.expires === undefined ? undefined : parseMoment(options.expires)
  const body = { path: parseDriveOnly(path), shareWith, label, note, once, expiresAt }
  const made = await (await api()).pushTransfer({ body })
  output.result(
    made,
    () => `${made.path} offered to ${made.recipient.address} (${made.state}); share ${made.id}`,
  )
  if (made.asksForCopy === false)
    output.note('Their server knows no offers of data; it was sent an ordinary share to read.')
}

function stateOf({ state, verified, reason, asksForCopy }: Push): string {
  if (state === 'copied') return verified ? 'copied (verified)' : 'copied'
  if (state === 'failed' && reason !== undefined) return `failed (${reason})`
  return asksForCopy === false ? `${state} (as a share)` : state
}
