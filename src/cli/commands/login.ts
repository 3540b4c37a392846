import { hostname } from 'node:os'
import type { Command } from 'commander'
import { ApiClient, segment } from '../api-client.ts'
import type { AppPassword, Me } from '../api-types.ts'
import { basicAuthorization, fromProfile, normalizeNodeUrl, profileName } from '../connection.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { CliError, usageError } from '../exit.ts'
import { formatBytes } from '../format.ts'
import { isProfileName, listProfiles, type Profile, removeProfile, saveProfile } from '../profile.ts'
import { ask, askSecret, readSecret } from '../prompt.ts'

interface LoginOptions {
  user?: string
  passwordStdin?: boolean
  insecure?: boolean
}

const LOGIN_HELP = `
The password is asked on the terminal or read from standard input, used once to make an app password
named after this machine, and forgotten. The profile is kept in $XDG_CONFIG_HOME/causeway/config.yaml
(or ~/.config), readable by you only. Without a profile, CAUSEWAY_URL with CAUSEWAY_USER and
CAUSEWAY_TOKEN or CAUSEWAY_PASSWORD does the same.`

/** Adds `login`, `logout` and `whoami`. */
export function registerLogin(program: Command, context: CliContext): void {
  const login = program
    .command('login')
    .argument('<url>', 'address of the node, such as https://drive.example.org')
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
    const me = await (await api()).get<Me>('/me')
    output.result(me, () => describeMe(me))
  })
}

async function runLogin({
  args: [address = ''],
  options,
  output,
  context,
}: CommandCall<LoginOptions>): Promise<void> {
  const url = normalizeNodeUrl(address, options.insecure === true || context.env.insecure)
  const name = profileName(context.env, options.profile)
  if (!isProfileName(name)) {
    throw usageError(
      `"${name}" cannot name a profile; use letters, digits, "-" and "_", and none of drive, share or file.`,
    )
  }
  const user = options.user ?? context.env.user ?? (await ask(context, 'User: '))
  const password = options.passwordStdin
    ? await readSecret(context.stdin)
    : await askSecret(context, 'Password: ')
  const api = new ApiClient({ url, user, authorization: basicAuthorization(user, password) }, context.signal)
  const profile = await makeProfile(api, user)
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

async function makeProfile(api: ApiClient, asked: string): Promise<Profile> {
  let created: AppPassword
  try {
    created = await api.post<AppPassword>('/me/app-passwords', { label: `causeway on ${hostname()}` })
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
  const me = await api.get<Me>('/me')
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
  await new ApiClient(fromProfile(profile), context.signal).delete(
    `/me/app-passwords/${segment(profile.tokenId)}`,
  )
}

function describeMe(me: Me): string {
  const used = me.quota === undefined ? '' : `\n${formatBytes(me.quota.usedBytes)} used`
  const available = me.quota?.availableBytes
  const room =
    available === undefined || available === null ? used : `${used}, ${formatBytes(available)} free`
  return `${me.displayName} <${me.address}>${me.isAdmin ? ', administrator' : ''}${room}`
}
