import { BadRequestError } from '../../platform/errors.ts'
import type { OcsRole } from './types.ts'

/** The bits of a permission: read, update, create, delete, share. */
const [READ, UPDATE, CREATE, DELETE, SHARE] = [1, 2, 4, 8, 16]
const ALL = 31

type Kind = 'file' | 'folder'

export interface Grant {
  role: OcsRole
  mayReshare: boolean
}

/** What a role is in bits. Nothing can be created or deleted in a file. */
export function bitsOf(kind: Kind, { role, mayReshare }: Grant): number {
  return roleBits(kind, role) + (mayReshare && role !== 'uploader' ? SHARE : 0)
}

function roleBits(kind: Kind, role: OcsRole): number {
  if (role === 'uploader') return CREATE
  if (role === 'viewer') return READ
  return kind === 'file' ? READ | UPDATE : READ | UPDATE | CREATE | DELETE
}

/**
 * The role that these bits mean. Between viewing and editing there is nothing here: what would grant more
 * than was asked for is refused with a `BadRequestError`, as are bits out of range.
 */
export function grantOf(kind: Kind, text: string): Grant {
  const bits = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (bits < 1 || bits > ALL) {
    throw new BadRequestError('The permissions are a number from 1 to 31.')
  }
  const mayReshare = (bits & SHARE) !== 0
  // Of a file, the bits of folders mean nothing and are sent all the same.
  const asked = bits & (kind === 'file' ? READ | UPDATE : READ | UPDATE | CREATE | DELETE)
  const roles: readonly OcsRole[] = kind === 'file' ? ['viewer', 'editor'] : ['viewer', 'editor', 'uploader']
  const role = roles.find((one) => roleBits(kind, one) === asked)
  if (role === undefined) throw notBetween(kind)
  return { role, mayReshare }
}

function notBetween(kind: Kind): BadRequestError {
  const editing = roleBits(kind, 'editor')
  const upload = kind === 'folder' ? `, or only add to a folder (${CREATE})` : ''
  return new BadRequestError(
    `People may view (${READ}) or edit (${editing})${upload}; this server grants nothing in between.`,
  )
}
