import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parse, stringify } from 'yaml'
import { hasErrorCode } from '../platform/errors.ts'
import { CliError } from './exit.ts'

/** A login that was kept: which node, who, and the app password made for this machine. */
export interface Profile {
  url: string
  user: string
  /** An app password; presented as the password of Basic. */
  token: string
  /** Names the app password at the node, so that `logout` can revoke it. */
  tokenId?: string
  /** Plain http to another machine was allowed at login. */
  insecure?: boolean
}

export type Profiles = Record<string, Profile>

/** All stored profiles by name; none when the file is absent. */
export async function listProfiles(file: string): Promise<Profiles> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return Object.create(null)
    throw new CliError(`Cannot read ${file}: ${String(error)}.`, {
      code: 'PROFILES_UNREADABLE',
      cause: error,
    })
  }
  return parseProfiles(text, file)
}

/** Adds or replaces a profile. The file is readable by its owner only. */
export async function saveProfile(file: string, name: string, profile: Profile): Promise<void> {
  const profiles = await listProfiles(file)
  await write(file, { ...profiles, [name]: profile })
}

export async function removeProfile(file: string, name: string): Promise<void> {
  const { [name]: _gone, ...rest } = await listProfiles(file)
  await write(file, rest)
}

/** Profile names also stand before a colon in `NAME:/path`, so they are plain words. */
export function isProfileName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name) && !RESERVED.has(name.toLowerCase())
}

const RESERVED = new Set(['drive', 'share', 'file', 'http', 'https', 'dav', 'davs'])

function parseProfiles(text: string, file: string): Profiles {
  const broken = (reason: string) =>
    new CliError(`${file} is not a list of profiles (${reason}); repair it, or remove it and log in again.`, {
      code: 'PROFILES_UNREADABLE',
    })
  let root: unknown
  try {
    root = parse(text)
  } catch {
    throw broken('not YAML')
  }
  if (root === null || root === undefined) return Object.create(null)
  const entries = (root as { profiles?: unknown }).profiles ?? {}
  if (typeof entries !== 'object') throw broken('no key `profiles`')
  // Without a prototype: a profile is not there because every object has a `constructor`.
  const profiles: Profiles = Object.create(null)
  for (const [name, value] of Object.entries(entries as Record<string, Partial<Profile> | null>)) {
    if (typeof value?.url !== 'string' || typeof value.user !== 'string' || typeof value.token !== 'string') {
      throw broken(`${name} lacks url, user or token`)
    }
    profiles[name] = value as Profile
  }
  return profiles
}

/** Written beside and renamed, so that a crash leaves the old file. */
async function write(file: string, profiles: Profiles): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(temporary, stringify({ profiles }), { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
