import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Environment, processEnvironment } from './env.ts'

/** What the environment tells the command; values are as given, empty ones count as absent. */
export interface CliEnv {
  /** CAUSEWAY_URL: the node to talk to instead of a stored profile. */
  url?: string
  /** CAUSEWAY_USER */
  user?: string
  /** CAUSEWAY_TOKEN, or the content of the file CAUSEWAY_TOKEN_FILE: an app password. */
  token?: string
  /** CAUSEWAY_PASSWORD, or the content of the file CAUSEWAY_PASSWORD_FILE: the account's password. */
  password?: string
  /** CAUSEWAY_WORKER_TOKEN, or the content of the file CAUSEWAY_WORKER_TOKEN_FILE: for `causeway deliver`. */
  workerToken?: string
  /** CAUSEWAY_PROFILE: the profile to use when `--profile` is not given. */
  profile?: string
  /** CAUSEWAY_INSECURE=true: http to a host that is not this machine. */
  insecure: boolean
  /** Where profiles are kept: `$XDG_CONFIG_HOME/causeway/config.yaml` or below `~/.config`. */
  profileFile: string
  /** NO_COLOR is set (https://no-color.org). */
  noColor: boolean
  /** CAUSEWAY_ENDPOINT_<NAME>, or the content of CAUSEWAY_ENDPOINT_<NAME>_FILE: secrets of storage, by NAME. */
  endpointSecrets?: Readonly<Record<string, string>>
}

const named = {
  url: 'CAUSEWAY_URL',
  user: 'CAUSEWAY_USER',
  token: 'CAUSEWAY_TOKEN',
  password: 'CAUSEWAY_PASSWORD',
  workerToken: 'CAUSEWAY_WORKER_TOKEN',
  profile: 'CAUSEWAY_PROFILE',
} as const

const SECRETS: ReadonlySet<string> = new Set(['token', 'password', 'workerToken'])

/** Reads the environment of the command, once. Throws when a named secret file cannot be read. */
export function readCliEnv(env: Environment = processEnvironment()): CliEnv {
  const configHome = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config')
  const found: CliEnv = {
    insecure: env.CAUSEWAY_INSECURE === 'true' || env.CAUSEWAY_INSECURE === '1',
    profileFile: join(configHome, 'causeway', 'config.yaml'),
    noColor: Boolean(env.NO_COLOR),
  }
  for (const [key, name] of Object.entries(named) as [keyof typeof named, string][]) {
    const value = env[name] || (SECRETS.has(key) ? readSecretFile(env[`${name}_FILE`]) : undefined)
    if (value) found[key] = value
  }
  return { ...found, endpointSecrets: readEndpointSecrets(env) }
}

const ENDPOINT_PREFIX = 'CAUSEWAY_ENDPOINT_'

function readEndpointSecrets(env: Environment): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENDPOINT_PREFIX) || !value) continue
    const key = name.slice(ENDPOINT_PREFIX.length)
    if (key.endsWith('_FILE')) secrets[key.slice(0, -'_FILE'.length)] ??= readFileSync(value, 'utf8').trim()
    else secrets[key] = value
  }
  return secrets
}

function readSecretFile(path: string | undefined): string | undefined {
  return path ? readFileSync(path, 'utf8').trim() : undefined
}
