import { setTimeout as delay } from 'node:timers/promises'
import { fetch, type RequestInit, type Response } from 'undici'
import { type Clock, systemClock } from '../platform/clock.ts'
import { readRefusal } from './api.ts'
import { CliError, exitCodes } from './exit.ts'
import { dispatcher } from './name-lookup.ts'
import { toNetworkError } from './network-error.ts'
import { isTemporary } from './retry.ts'

export interface BrowserLoginOptions {
  /** The node, without a slash at its end. */
  url: string
  /** What the page and the list of app passwords call this login; printable ASCII. */
  label: string
  signal: AbortSignal
  /** Tells the person which address to open. */
  show(address: string): void
  clock?: Clock
  /** How long to wait for the person, milliseconds. */
  limitMs?: number
}

/** What the person granted: the account's name and an app password of our own. */
export interface GrantedLogin {
  user: string
  password: string
}

interface StartedLogin {
  token: string
  endpoint: string
  address: string
}

const POLL_EVERY_MS = 1_000
/** As long as a node keeps such a login open. */
const LIMIT_MS = 20 * 60_000
const REQUEST_TIMEOUT_MS = 60_000

/** Waiting at a terminal keeps the process alive, other than waiting in a node. */
const terminalClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  wait: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
}

/**
 * Login flow v2: the person signs in on a page of the node, and we fetch the app password that it made.
 * Throws `CliError` when nobody granted it in time (exit code 124), the node does not offer it, or answers nonsense.
 */
export async function loginInBrowser(options: BrowserLoginOptions): Promise<GrantedLogin> {
  const { clock = terminalClock, limitMs = LIMIT_MS, signal } = options
  const endsAtMs = clock.nowMs() + limitMs
  const started = await start(options)
  options.show(started.address)
  for (;;) {
    await clock.wait(POLL_EVERY_MS, signal)
    const granted = await poll(started, options)
    if (granted !== undefined) return granted
    if (clock.nowMs() >= endsAtMs) throw nobodyCame(limitMs)
  }
}

async function start({ url, label, signal }: BrowserLoginOptions): Promise<StartedLogin> {
  const headers = { 'User-Agent': label, Accept: 'application/json' }
  const response = await send(`${url}/index.php/login/v2`, { headers }, signal)
  const { host, origin } = new URL(url)
  if (response.status === 404 || response.status === 405) {
    await response.body?.cancel()
    throw new CliError(`${host} offers no login in the browser; log in with --user NAME.`, {
      code: 'NOT_OFFERED',
      status: response.status,
    })
  }
  if (!response.ok) throw await readRefusal(response, host)
  const { poll, login } = await readObject(response, host)
  const { token, endpoint } =
    typeof poll === 'object' && poll !== null ? (poll as Record<string, unknown>) : {}
  if (typeof token !== 'string' || token === '') throw badAnswer(host, 'no token to ask with')
  return {
    token,
    // The token and later the password go to the node that was named, and nowhere else.
    endpoint: requireOwn(endpoint, origin, 'asks to poll'),
    address: requireOwn(login, origin, 'sends people'),
  }
}

function requireOwn(address: unknown, origin: string, what: string): string {
  const url = typeof address === 'string' ? URL.parse(address) : null
  const { host } = new URL(origin)
  if (url === null) throw badAnswer(host, 'an address is missing')
  if (url.origin === origin && url.username === '' && url.password === '') return url.href
  throw new CliError(
    `${host} ${what} at ${url.origin}, which is another place; log in with the address the node calls its own.`,
    { code: 'BAD_ANSWER' },
  )
}

/** Undefined until the person granted it; a node that is away for a moment is asked again. */
async function poll(
  { endpoint, token }: StartedLogin,
  { url, signal }: BrowserLoginOptions,
): Promise<GrantedLogin | undefined> {
  const { host } = new URL(url)
  try {
    const response = await send(endpoint, { body: new URLSearchParams({ token }) }, signal)
    if (response.status === 404) {
      await response.body?.cancel()
      return undefined
    }
    if (!response.ok) throw await readRefusal(response, host)
    const { loginName, appPassword } = await readObject(response, host)
    if (typeof loginName !== 'string' || typeof appPassword !== 'string' || appPassword === '')
      throw badAnswer(host, 'no name or no app password')
    return { user: loginName, password: appPassword }
  } catch (error) {
    if (isTemporary(error)) return undefined
    throw error
  }
}

async function send(url: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
  const limits = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)])
  try {
    return await fetch(url, { ...init, method: 'POST', redirect: 'manual', signal: limits, dispatcher })
  } catch (error) {
    throw toNetworkError(new URL(url).host, error)
  }
}

async function readObject(response: Response, host: string): Promise<Record<string, unknown>> {
  let value: unknown
  try {
    value = await response.json()
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw toNetworkError(host, error)
  }
  if (typeof value !== 'object' || value === null) throw badAnswer(host, 'no JSON object')
  return value as Record<string, unknown>
}

function badAnswer(host: string, reason: string): CliError {
  return new CliError(`${host} answered something else than a login (${reason}); is it a Causeway node?`, {
    code: 'BAD_ANSWER',
  })
}

function nobodyCame(limitMs: number): CliError {
  return new CliError(
    `Nobody granted the login within ${Math.ceil(limitMs / 60_000)} minutes; run the command again.`,
    { code: 'TIMED_OUT', exitCode: exitCodes.timedOut },
  )
}
