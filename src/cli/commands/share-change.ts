import { type Command, Option } from 'commander'
import type { ShareChange } from '../../client/operations.ts'
import { type CliContext, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { parseMoment } from '../moment.ts'

interface ChangeOptions {
  role?: ShareChange['role']
  mayReshare?: boolean
  note?: string
  /** False for `--no-expires`. */
  expires?: string | boolean
}

/** Adds `share change`. */
export function registerChange(share: Command, context: CliContext): void {
  const change = share
    .command('change')
    .argument('<id>')
    .addOption(new Option('--role <role>', 'what they may do').choices(['viewer', 'editor']))
    .option('--may-reshare', 'they may pass it on')
    .option('--no-may-reshare', 'they may not')
    .option('--note <text>', 'a word to the recipient')
    .option('--expires <date>', 'last moment')
    .option('--no-expires', 'without an end')
    .description('Change what a share allows; here at once, the other server is told.')
  onAction<ChangeOptions>(change, context, async ({ api, args: [id = ''], options, output }) => {
    const { role, mayReshare, note, expires } = options
    const expiresAt =
      expires === false ? null : typeof expires === 'string' ? parseMoment(expires) : undefined
    const body: ShareChange = { role, mayReshare, note, expiresAt }
    if (Object.values(body).every((value) => value === undefined)) throw usageError('Say what to change.')
    const changed = await (await api()).changeShare({ params: { id }, body })
    output.result(changed, () => `share ${id}: ${changed.role}, ${changed.state}`)
  })
}
