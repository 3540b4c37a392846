import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import { type CliContext, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { formatTime } from '../format.ts'
import { parseDriveOnly } from '../locations.ts'

interface CreateOptions {
  description?: string
  email?: string
  mail?: boolean
}

/** Adds `invite …` and `contacts …`. */
export function registerInvite(program: Command, context: CliContext): void {
  const invite = program.command('invite').description('Connect with people on other nodes by invitation.')

  const create = invite
    .command('create')
    .option('--description <text>', 'for whom it is; seen by you only')
    .option('--email <address>', 'mail address of the invited person')
    .option('--mail', 'print a text to be mailed, with link and code, instead of both alone')
    .description('Make an invitation; send the code or the link to one person.')
  onAction<CreateOptions>(create, context, async ({ api, options, output }) => {
    const { description, email, mail = false } = options
    const made = await (await api()).createInvitation({ body: { description, email } })
    output.result(made, () => (mail ? made.mail.text : `${made.inviteString}\n${made.link}`))
    output.note(
      `Good until ${formatTime(made.expiresAt)}, for one person. There: causeway invite accept INVITE`,
    )
  })

  onAction(invite.command('list').description('Invitations you made.'), context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listInvitations')), {
      headings: ['ID', 'STATE', 'EXPIRES', 'DESCRIPTION'],
      row: (item) => [item.id, item.state, formatTime(item.expiresAt), item.description ?? ''],
      empty: 'No invitations. Make one with "causeway invite create".',
    })
  })

  const revoke = invite.command('revoke').argument('<id>').description('Make an invitation worthless.')
  onAction(revoke, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).revokeInvitation({ params: { id } })
    output.result({ id, state: 'revoked' }, () => `invitation ${id} revoked`)
  })

  const accept = invite
    .command('accept')
    .argument('<invite>', 'the code or the link you were sent, or with --provider the token')
    .option('--provider <host>', 'the server of who invites, when you were given it with a token')
    .description('Accept an invitation; both sides become contacts.')
  onAction<{ provider?: string }>(accept, context, async ({ api, args: [invite = ''], options, output }) => {
    const { provider } = options
    const body = provider === undefined ? { invite } : { token: invite, provider }
    const contact = await (await api()).acceptInvitation({ body })
    output.result(contact, () => `${contact.displayName} <${contact.address}> is a contact now`)
  })

  registerContacts(program, context)
}

function registerContacts(program: Command, context: CliContext): void {
  const contacts = program.command('contacts').description('People on other nodes you are connected with.')

  onAction(contacts.command('list').description('All contacts.'), context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listContacts')), {
      headings: ['ID', 'ADDRESS', 'NAME', 'SINCE', 'OFFERS GO TO'],
      row: (item) => [
        ...[item.id, item.address, item.displayName, formatTime(item.createdAt)],
        item.autoCopyTo ?? '',
      ],
      empty: 'No contacts. Invite somebody with "causeway invite create".',
    })
  })

  const autoCopy = contacts
    .command('auto-copy')
    .argument('<id>')
    .argument('[folder]', 'such as drive:/Incoming')
    .option('--off', 'ask me again')
    .description('Copy the data that a contact offers into a folder without asking.')
  onAction<{ off?: boolean }>(
    autoCopy,
    context,
    async ({ api, args: [id = '', folder], options, output }) => {
      if ((folder === undefined) !== (options.off === true)) throw usageError('Name a folder, or --off.')
      const autoCopyTo = folder === undefined ? null : parseDriveOnly(folder)
      const contact = await (await api()).changeContact({ params: { id }, body: { autoCopyTo } })
      const where = contact.autoCopyTo
      output.result(contact, () =>
        where === undefined
          ? `you are asked about what ${contact.address} offers`
          : `what ${contact.address} offers is copied into drive:${where}`,
      )
    },
  )

  const remove = contacts.command('remove').argument('<id>').description('Forget a contact; shares stay.')
  onAction(remove, context, async ({ api, args: [id = ''], output }) => {
    await (await api()).deleteContact({ params: { id } })
    output.result({ id, state: 'removed' }, () => `contact ${id} removed`)
  })
}
