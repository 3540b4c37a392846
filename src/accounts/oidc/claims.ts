import type { OidcConfig } from '../../config/sign-in.ts'
import { isUserName } from '../user-name.ts'

/** Who somebody is, in the words of an identity provider. */
export interface OidcPerson {
  issuer: string
  subject: string
  /** What can be a user name here; undefined when there is none. */
  name?: string
  displayName?: string
  email?: string
  groups: string[]
}

const MAX_TEXT = 200
const MAX_GROUPS = 1_000

/** Reads the claims that the settings name; whatever else is there is not looked at. */
export function readPerson(claims: Record<string, unknown>, wanted: OidcConfig['claims']): OidcPerson {
  const name = toUserName(textOf(claims, wanted.name))
  const displayName = textOf(claims, wanted.displayName)
  // An address that the provider itself does not vouch for gets no mail.
  const email = claims.email_verified === false ? undefined : textOf(claims, wanted.email)
  return {
    issuer: String(claims.iss),
    subject: String(claims.sub),
    groups: groupsOf(claims[wanted.groups]),
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
  }
}

/** True when some claim that is wanted is missing, so that it pays to ask for more. */
export function isIncomplete(claims: Record<string, unknown>, wanted: OidcConfig['claims']): boolean {
  return Object.values(wanted).some((name) => claims[name] === undefined)
}

/** `Ann@uni.test` is ann: many providers have addresses for names. */
function toUserName(text: string | undefined): string | undefined {
  const name = text?.replace(/@.*$/, '').toLowerCase()
  return name !== undefined && isUserName(name) ? name : undefined
}

function textOf(claims: Record<string, unknown>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (typeof value !== 'string') return undefined
  const text = value
    .toWellFormed()
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
  return text === '' ? undefined : text
}

/** Some providers send a single group as a text. */
function groupsOf(value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : Array.isArray(value) ? value : []
  return list.filter((one): one is string => typeof one === 'string').slice(0, MAX_GROUPS)
}

/**
 * The name under which a group of the provider is one here: in small letters, without the slash that some
 * providers put in front; undefined for what can be no name, so that two never become one.
 */
export function groupName(text: string): string | undefined {
  const name = text.replace(/^\//, '').toLowerCase()
  return isUserName(name) ? name : undefined
}
