import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { BadRequestError } from '../platform/errors.ts'
import { sha256Hex } from '../platform/ids.ts'

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** The parameters of scrypt (RFC 7914 2); they stand in each hash, so they can be raised later. */
export interface PasswordCost {
  N: number
  r: number
  p: number
}

/** 32 MiB and about 60 ms per guess. */
const COST: PasswordCost = { N: 32_768, r: 8, p: 1 }
const KEY_BYTES = 32
const SALT_BYTES = 16
const MIN_LENGTH = 8

/** `scrypt$N$r$p$salt$key`, salt and key in base64url (RFC 7914). */
export async function hashPassword(password: string, { N, r, p } = COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password.normalize('NFC'), salt, KEY_BYTES, options(N, r, p))
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Compares in constant time; false for a hash of a form we do not know. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, n, r, p, salt, key] = hash.split('$')
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) return false
  const expected = Buffer.from(key, 'base64url')
  const derived = await derive(
    password.normalize('NFC'),
    Buffer.from(salt, 'base64url'),
    expected.length,
    options(Number(n), Number(r), Number(p)),
  )
  return timingSafeEqual(derived, expected)
}

function options(N: number, r: number, p: number): ScryptOptions {
  return { N, r, p, maxmem: 256 * N * r }
}

/** Stored for somebody who signs in at an identity provider only. */
export const NO_PASSWORD = 'none'

/** True for a stored hash that some password fits. */
export function isPasswordHash(text: string | undefined): text is string {
  return text?.startsWith('scrypt$') === true
}

/** Tells a stored hash from another without giving it away; it changes with each change of the password. */
export function passwordMark(hash: string): string {
  return sha256Hex(hash)
}

/** Throws `BadRequestError` for one that is too short. */
export function checkPassword(password: string): void {
  if (password.length >= MIN_LENGTH) return
  throw new BadRequestError(`A password needs at least ${MIN_LENGTH} characters.`, {
    code: 'PASSWORD_TOO_SHORT',
    fields: [{ field: 'password', message: 'is too short' }],
  })
}
