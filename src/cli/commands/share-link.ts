import { type Command, Option } from 'commander'
import type { NewShare } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { parseDriveOnly } from '../locations.ts'
import { parseMoment } from '../moment.ts'
import { readSecret } from '../prompt.ts'

interface LinkOptions {
  passwordStdin?: boolean
  expires?: string
  uploadOnly?: boolean
  writable?: boolean
  label?: string
  note?: string
}

/** Adds `share link`: a link that opens a file or a folder to whoever has it. */
export function registerLink(share: Command, context: CliContext): void {
  const link = share
    .command('link')
    .argument('<path>', 'file or folder in your drive, such as drive:/data')
    .option('--password-stdin', 'protect it with a password, read from standard input')
    .option('--expires <date>', 'last moment, such as 2027-01-31 or 2027-01-31T12:00Z')
    .addOption(
      new Option('--upload-only', 'for bringing files into a folder; none is shown').conflicts('writable'),
    )
    .option('--writable', 'may be changed by whoever has the link')
    .option('--label <text>', 'what you call the link; only you see it')
    .option('--note <text>', 'a word to who opens it')
    .description('Make a public link.')
  onAction<LinkOptions>(link, context, createLink)
}

async function createLink({
  api,
  args: [path = ''],
  options,
  output,
  context,
}: CommandCall<LinkOptions>): Promise<void> {
  const { label, note } = options
  const password = options.passwordStdin ? await readSecret(context.stdin) : undefined
  const body: NewShare = {
    path: parseDriveOnly(path),
    role: roleOf(options),
    recipient: { type: 'link', label, password },
    note,
    expiresAt: options.expires === undefined ? undefined : parseMoment(options.expires),
  }
  const made = await (await api()).createShare({ body })
  output.result(
    made,
    () =>
      `${made.link?.url ?? ''}\n${made.path} is open to whoever has this link (${made.role}); share ${made.id}`,
  )
}

function roleOf({ uploadOnly, writable }: LinkOptions): NewShare['role'] {
  if (uploadOnly) return 'uploader'
  return writable ? 'editor' : 'viewer'
}
