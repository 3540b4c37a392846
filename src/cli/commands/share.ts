import { type Command, Option } from 'commander'
import { listAll } from '../../client/client.ts'
import type { NewShare, ReceivedShare, Share } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { parseDriveOnly } from '../locations.ts'
import { parseMoment } from '../moment.ts'
import { registerAddLink } from './share-add-link.ts'
import { registerChange } from './share-change.ts'
import { registerLink } from './share-link.ts'
import { registerMessages } from './share-messages.ts'

interface CreateOptions {
  role: NewShare['role']
  mayReshare?: boolean
  group?: boolean
  note?: string
  expires?: string
}

/** Adds `share …`: what you give and what you were given. */
export function registerShare(program: Command, context: CliContext): void {
  const share = program.command('share').description('Share with people here and on other nodes.')

  const create = share
    .command('create')
    .argument('<path>', 'file or folder in your drive, such as drive:/data')
    .argument('<with>', 'user@host, or the name of a user of this node; with --group the same of a group')
    .option('--group', 'with all members of a group')
    .addOption(
      new Option('--role <role>', 'what they may do').choices(['viewer', 'editor']).default('viewer'),
    )
    .option('--may-reshare', 'they may pass it on, to people of other servers, too')
    .option('--note <text>', 'a word to the recipient')
    .option('--expires <date>', 'last moment, such as 2027-01-31 or 2027-01-31T12:00Z')
    .description('Give somebody access.')
  onAction<CreateOptions>(create, context, createShare)

  const list = share
    .command('list')
    .option('--path <path>', 'only of this file or folder')
    .description('Shares you gave.')
  onAction<{ path?: string }>(list, context, async ({ api, options, output }) => {
    const path = options.path === undefined ? undefined : parseDriveOnly(options.path)
    output.list(await listAll((await api()).pages('listShares', { query: { path } })), {
      headings: ['ID', 'PATH', 'WITH', 'ROLE', 'STATE'],
      row: (item) => [item.id, item.path, recipientText(item), item.role, item.state],
      empty: 'You share nothing.',
    })
  })

  const revoke = share.command('revoke').argument('<id>').description('Take a share back.')
  onAction(revoke, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).revokeShare({ params: { id } })
    output.result({ id, state: 'revoked' }, () => `share ${id} revoked`)
  })

  registerLink(share, context)
  registerAddLink(share, context)
  registerChange(share, context)
  registerMessages(share, context)
  registerReceived(share, context)
}

/** Of a link where it leads, so that it can be copied from the list. */
function recipientText({ recipient, link }: Share): string {
  if (link !== undefined) return link.url
  return recipient.isGroup ? `group ${recipient.address}` : recipient.address
}

async function createShare({
  api,
  args: [path = '', shareWith = ''],
  options,
  output,
}: CommandCall<CreateOptions>): Promise<void> {
  const { role, note, mayReshare } = options
  const expiresAt = options.expires === undefined ? undefined : parseMoment(options.expires)
  const to = options.group ? { recipient: { type: 'group' as const, address: shareWith } } : { shareWith }
  const body = { path: parseDriveOnly(path), ...to, role, note, expiresAt, mayReshare }
  const made = await (await api()).createShare({ body })
  output.result(
    made,
    () =>
      `${made.path} shared with ${made.recipient.address} (${made.role}, ${made.state}); share ${made.id}`,
  )
}

function registerReceived(share: Command, context: CliContext): void {
  const pending = share.command('pending').description('Shares that wait for your yes or no.')
  onAction(pending, context, (call) => listReceived(call, 'pending', 'Nothing waits for you.'))

  const states = ['pending', 'accepted', 'declined', 'revoked']
  const received = share
    .command('received')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .description('Shares you were given.')
  onAction<{ state?: ReceivedShare['state'] }>(received, context, (call) =>
    listReceived(call, call.options.state, 'Nobody shares with you.'),
  )

  const accept = share
    .command('accept')
    .argument('<id>')
    .option('--name <name>', 'what it is called in your drive')
    .option('--copy-to <path>', 'copy it there instead, as /inbox/data, or into a folder that ends in /')
    .option('--overwrite', 'with --copy-to: replace what is there already, where it differs')
    .description('Take a share into your drive, or a copy of it.')
  onAction<AcceptOptions>(accept, context, acceptShare)

  const decline = share.command('decline').argument('<id>').description('Say no to a share.')
  onAction(decline, context, async ({ api, args: [id = ''], output }) => {
    const share = await (await api()).declineReceivedShare({ params: { id } })
    output.result(share, () => `share ${id} declined`)
  })

  const leave = share.command('leave').argument('<id>').description('Give an accepted share back.')
  onAction(leave, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).leaveReceivedShare({ params: { id } })
    output.result({ id, state: 'left' }, () => `share ${id} left`)
  })
}

interface AcceptOptions {
  name?: string
  copyTo?: string
  overwrite?: boolean
}

async function acceptShare({
  api,
  args: [id = ''],
  options,
  output,
}: CommandCall<AcceptOptions>): Promise<void> {
  const { name, overwrite } = options
  const copyTo = options.copyTo === undefined ? undefined : placeOfCopy(options.copyTo)
  const body = { name, copyTo, overwrite }
  const share = await (await api()).acceptReceivedShare({ params: { id }, body })
  output.result(share, () => describeAccepted(share, copyTo !== undefined))
  const transferId = copyTo === undefined ? undefined : share.copy?.transferId
  if (transferId !== undefined) output.note(`Follow it with "causeway transfer watch ${transferId}".`)
}

/** The slash at the end says that it is a folder to copy into. */
function placeOfCopy(text: string): string {
  const path = parseDriveOnly(text)
  return text.endsWith('/') && !path.endsWith('/') ? `${path}/` : path
}

function describeAccepted(share: ReceivedShare, isCopied: boolean): string {
  if (isCopied && share.copy !== undefined) {
    const { state, path, error } = share.copy
    const why = error === undefined ? '' : `: ${error.message}`
    return `${share.name} is being copied to drive:${path} (${state}${why})`
  }
  return `${share.name} is in your drive${share.mountPath ? ` at drive:${share.mountPath}` : ''}`
}

async function listReceived(
  { api, output }: CommandCall<object>,
  state: ReceivedShare['state'] | undefined,
  empty: string,
): Promise<void> {
  output.list(await listAll((await api()).pages('listReceivedShares', { query: { state } })), {
    headings: ['ID', 'NAME', 'FROM', 'ROLE', 'STATE', 'IN YOUR DRIVE'],
    row: (item) => [item.id, item.name, item.owner.address, item.role, stateOf(item), item.mountPath ?? ''],
    empty,
  })
}

function stateOf({ state, transferOffered, copy }: ReceivedShare): string {
  if (copy !== undefined) return `${state}, ${copy.state}`
  return transferOffered && state === 'pending' ? 'pending, data offered' : state
}
