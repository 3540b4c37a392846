import { homedir } from 'node:os'
import { join } from 'node:path'

/** What the environment tells the command; values are as given, empty ones count as absent. */
export interface CliEnv {
  /** CAUSEWAY_URL: the node to talk to instead of a stored profile. */
  url?: string
  /** CAUSEWAY_USER */
  user?: string
  /** CAUSEWAY_TOKEN: an app password. */
  token?: string
  /** CAUSEWAY_PASSWORD: the password of the account. */
  password?: string
  /** CAUSEWAY_PROFILE: the profile to use when `--profile` is not given. */
  profile?: string
  /** CAUSEWAY_INSECURE=true: http to a host that is not this machine. */
  insecure: boolean
  /** Where profiles are kept: `$XDG_CONFIG_HOME/causeway/config.yaml` or below `~/.config`. */
  profileFile: string
  /** NO_COLOR is set (https://no-color.org). */
  noColor: boolean
}

const named = {
  url: 'CAUSEWAY_URL',
  user: 'CAUSEWAY_USER',
  token: 'CAUSEWAY_TOKEN',
  password: 'CAUSEWAY_PASSWORD',
  profile: 'CAUSEWAY_PROFILE',
} as const

/** Reads the environment of the command, once. */
export function readCliEnv(env: Record<string, string | undefined> = process.env): CliEnv {
  const configHome = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config')
  const found: CliEnv = {
    insecure: env.CAUSEWAY_INSECURE === 'true' || env.CAUSEWAY_INSECURE === '1',
    profileFile: join(configHome, 'causeway', 'config.yaml'),
    noColor: Boolean(env.NO_COLOR),
  }
  for (const [key, name] of Object.entries(named) as [keyof typeof named, string][]) {
    const value = env[name]
    if (value) found[key] = value
  }
  return found
}
