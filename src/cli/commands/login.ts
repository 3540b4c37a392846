import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { type Command, Option } from 'commander'
import { listAll } from '../../client/client.ts'
import type { Me, NewAppPassword } from '../../client/operations.ts'
import { type Api, createApi } from '../api.ts'
import { loginInBrowser } from '../browser-login.ts'
import { basicAuthorization, fromProfile, normalizeNodeUrl, profileName } from '../connection.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, usageError } from '../exit.ts'
import { formatBytes, toJsonLine } from '../format.ts'
import { isProfileName, listProfiles, type Profile, removeProfile, saveProfile } from '../profile.ts'
import { ask, askSecret, readSecret } from '../prompt.ts'

interface LoginOptions {
  browser?: boolean
  user?: string
  passwordStdin?: boolean
  insecure?: boolean
}

const LOGIN_HELP = `
With --browser, and on a terminal when no name is given, the address of a page is printed: sign in there,
in a browser on any machine, and grant access within 20 minutes. With --user the password is asked on the
terminal or read from standard input, used once, and forgotten. Either way the node makes an app password
named after this machine. The profile is kept in $XDG_CONFIG_HOME/causeway/config.yaml
(or ~/.config), readable by you only. Without a profile, CAUSEWAY_URL with CAUSEWAY_USER and
CAUSEWAY_TOKEN or CAUSEWAY_PASSWORD does the same.`

/** Adds `login`, `logout` and `whoami`. */
export function registerLogin(program: Command, context: CliContext): void {
  const login = program
    .command('login')
    .argument('<url>', 'address of the node, such as https://drive.example.org')
    .addOption(new Option('--browser', 'sign in on a page of the node').conflicts(['user', 'passwordStdin']))
    .option('--user <name>', 'name of the account')
    .option('--password-stdin', 'read the password from standard input')
    .option('--insecure', 'allow plain http to another machine')
    .description('Keep a login for the commands that talk to a node.')
    .addHelpText('after', LOGIN_HELP)
  onAction<LoginOptions>(login, context, runLogin)

  const logout = program.command('logout').description('Revoke and forget the login.')
  logout.option('--force', 'forget it even when the node cannot be reached')
  onAction<{ force?: boolean }>(logout, context, runLogout)

  const whoami = program.command('whoami').description('Which account, on which node, how much room.')
  onAction(whoami, context, async ({ api, output }) => {
    const me = await (await api()).getMe()
    output.result(me, () => describeMe(me))
  })
}

async function runLogin(call: CommandCall<LoginOptions>): Promise<void> {
  const { options, output, context } = call
  const url = normalizeNodeUrl(call.args[0] ?? '', options.insecure === true || context.env.insecure)
  const name = profileName(context.env, options.profile)
  if (!isProfileName(name)) {
    throw usageError(
      `"${name}" cannot name a profile; use letters, digits, "-" and "_", and none of drive, share or file.`,
    )
  }
  const profile = isForBrowser(call) ? await askBrowser(call, url) : await askPassword(call, url)
  if (options.insecure) profile.insecure = true
  const replaced = (await listProfiles(context.env.profileFile))[name]
  await saveProfile(context.env.profileFile, name, profile)
  // Only now is the former one of no use to anybody.
  if (replaced !== undefined) await revoke(replaced, context).catch(() => undefined)
  const shown = { profile: name, url, user: profile.user }
  output.result(
    shown,
    () =>
      `logged in to ${url} as ${profile.user}${options.profile === undefined ? '' : ` (profile ${name})`}`,
  )
}

/** Asked for, or somebody sits there who did not say who they are. */
function isForBrowser({ options, context }: CommandCall<LoginOptions>): boolean {
  if (options.browser) return true
  const isNamed = options.user !== undefined || context.env.user !== undefined
  return context.stdin.isTTY === true && !isNamed && !options.passwordStdin
}

async function askBrowser({ output, context }: CommandCall<LoginOptions>, url: string): Promise<Profile> {
  // The tag tells this login from others of the same machine, on the page and in the list of app passwords.
  const machine = hostname().replace(/[^\x21-\x7e]/g, '-')
  const label = `causeway on ${machine} (${randomBytes(3).toString('hex')})`
  const show = (address: string) => {
    const text = `Open this address in a browser, and grant access to "${label}":\n  ${address}\n`
    output.stderr.write(output.json ? toJsonLine({ login: address, label }) : text)
  }
  const { user, password } = await loginInBrowser({ url, label, show, signal: context.signal })
  const authorization = basicAuthorization(user, password)
  const api = createApi({ url, user, authorization }, context.signal)
  // Without its id it cannot be revoked at logout; that is no reason to lose it.
  const all = await listAll(api.pages('listAppPasswords')).catch(() => [])
  const own = all.find((one) => one.label === label)
  return { url, user, token: password, ...(own === undefined ? {} : { tokenId: own.id }) }
}

async function askPassword({ options, context }: CommandCall<LoginOptions>, url: string): Promise<Profile> {
  const user = options.user ?? context.env.user ?? (await ask(context, 'User: '))
  const password = options.passwordStdin
    ? await readSecret(context.stdin)
    : await askSecret(context, 'Password: ')
  const api = createApi({ url, user, authorization: basicAuthorization(user, password) }, context.signal)
  return makeProfile(api, user)
}

async function makeProfile(api: Api, asked: string): Promise<Profile> {
  let created: NewAppPassword
  try {
    created = await api.createAppPassword({ body: { label: `causeway on ${hostname()}` } })
  } catch (error) {
    if (!(error instanceof CliError) || error.status !== 401) throw error
    throw new CliError(
      `${api.connection.url} does not take this name and password for ${asked}. Check both and try again.`,
      {
        code: 'UNAUTHENTICATED',
        status: 401,
        cause: error,
      },
    )
  }
  if (created.password === undefined)
    throw new CliError('The node made an app password and did not tell it.', { code: 'BAD_ANSWER' })
  const me = await api.getMe()
  return { url: api.connection.url, user: me.name, token: created.password, tokenId: created.id }
}

async function runLogout({ options, output, context }: CommandCall<{ force?: boolean }>): Promise<void> {
  const name = profileName(context.env, options.profile)
  const profile = (await listProfiles(context.env.profileFile))[name]
  if (profile === undefined) throw new CliError(`There is no login named ${name}.`, { code: 'NOT_LOGGED_IN' })
  try {
    await revoke(profile, context)
  } catch (error) {
    // 401 and 404: somebody revoked it already.
    const gone = error instanceof CliError && (error.status === 401 || error.status === 404)
    if (!gone && !options.force) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new CliError(
        `The app password is not revoked: ${reason} Try again, or forget it here only with --force.`,
        { cause: error },
      )
    }
  }
  await removeProfile(context.env.profileFile, name)
  output.result({ profile: name, url: profile.url, user: profile.user }, () => `logged out of ${profile.url}`)
}

async function revoke(profile: Profile, context: CliContext): Promise<void> {
  if (profile.tokenId === undefined) return
  const { tokenId } = profile
  await createApi(fromProfile(profile), context.signal).revokeAppPassword({ params: { id: tokenId } })
}

function describeMe(me: Me): string {
  const used = me.quota === undefined ? '' : `\n${formatBytes(me.quota.usedBytes)} used`
  const available = me.quota?.availableBytes
  const room =
    available === undefined || available === null ? used : `${used}, ${formatBytes(available)} free`
  return `${me.displayName} <${me.address}>${me.isAdmin ? ', administrator' : ''}${room}`
}
