import type { CliEnv } from '../config/cli-env.ts'
import { CliError, exitCodes, usageError } from './exit.ts'
import { listProfiles, type Profile } from './profile.ts'

/** A node and how we show who we are. */
export interface Connection {
  /** Without a slash at the end. */
  url: string
  /** The account's name; unknown when only a token was given. */
  user: string | undefined
  /** Value of the header `Authorization`. */
  authorization: string
}

export const DEFAULT_PROFILE = 'default'

/** The value of `Authorization` for a name and a (app) password, RFC 7617 in UTF-8. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

/**
 * Checks the address of a node and brings it to one form. Credentials in it are refused, and so is
 * plain http to another machine unless `insecure`.
 */
export function normalizeNodeUrl(text: string, insecure: boolean): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw usageError(`${text} is not the address of a node; write it as https://host.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('The address must not hold a user name or password; others can read the command line.')
  }
  if (url.protocol === 'http:' && !insecure && !isLoopback(url.hostname)) {
    throw usageError(
      `http to ${url.host} would send the password in clear; use https, or --insecure in a closed network.`,
    )
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** True for names and addresses of this very machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname)
}

/** The name of the profile that holds when none is spelled out. */
export function profileName(env: CliEnv, asked: string | undefined): string {
  return asked ?? env.profile ?? DEFAULT_PROFILE
}

/** Who to talk to: `--profile`, else CAUSEWAY_URL, else the profile of CAUSEWAY_PROFILE or `default`. */
export async function getConnection(env: CliEnv, asked: string | undefined): Promise<Connection> {
  if (asked === undefined && env.url !== undefined) return fromEnvironment(env, env.url)
  const name = profileName(env, asked)
  const profiles = await listProfiles(env.profileFile)
  const profile = profiles[name]
  if (profile === undefined) throw notLoggedIn(name, Object.keys(profiles))
  return fromProfile(profile)
}

/** The connection whose node has this origin, if we have a login for it. Secrets go nowhere else. */
export async function findConnectionFor(
  env: CliEnv,
  asked: string | undefined,
  url: URL,
): Promise<Connection | undefined> {
  const candidates: Connection[] = []
  if (env.url !== undefined && asked === undefined) candidates.push(fromEnvironment(env, env.url))
  const profiles = await listProfiles(env.profileFile)
  const preferred = profiles[profileName(env, asked)]
  if (preferred !== undefined) candidates.push(fromProfile(preferred))
  candidates.push(...Object.values(profiles).map(fromProfile))
  return candidates.find((candidate) => new URL(candidate.url).origin === url.origin)
}

export function fromProfile(profile: Profile): Connection {
  const url = normalizeNodeUrl(profile.url, profile.insecure === true)
  return { url, user: profile.user, authorization: basicAuthorization(profile.user, profile.token) }
}

function fromEnvironment(env: CliEnv, url: string): Connection {
  const secret = env.token ?? env.password
  if (secret === undefined || (env.token === undefined && env.user === undefined)) {
    throw usageError('CAUSEWAY_URL needs CAUSEWAY_TOKEN, or CAUSEWAY_USER and CAUSEWAY_PASSWORD, beside it.')
  }
  const authorization = env.user === undefined ? `Bearer ${secret}` : basicAuthorization(env.user, secret)
  return { url: normalizeNodeUrl(url, env.insecure), user: env.user, authorization }
}

function notLoggedIn(name: string, others: readonly string[]): CliError {
  const known = others.length === 0 ? '' : ` Profiles there are: ${others.join(', ')}.`
  const option = name === DEFAULT_PROFILE ? '' : ` --profile ${name}`
  return new CliError(
    `There is no login${option === '' ? '' : ` named ${name}`}; run "causeway login URL${option}".${known}`,
    {
      code: 'NOT_LOGGED_IN',
      exitCode: exitCodes.failed,
    },
  )
}
