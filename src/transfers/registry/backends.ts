import { BadRequestError, ForbiddenError } from '../../platform/errors.ts'

interface Settings {
  parameters: readonly string[]
  secrets: readonly string[]
}

/**
 * The storage systems of rclone that every user may define, and the settings they may use with each.
 * They speak to one fixed service, so that nobody reaches a private address of the node through them,
 * and none of their settings names a file or a program. S3 and SFTP have kinds of their own.
 */
const FOR_USERS: Record<string, Settings> = {
  b2: { parameters: ['account', 'hard_delete'], secrets: ['key'] },
  box: { parameters: ['root_folder_id', 'box_sub_type'], secrets: ['token', 'client_id', 'client_secret'] },
  drive: {
    parameters: ['scope', 'root_folder_id', 'team_drive', 'shared_with_me'],
    secrets: ['token', 'client_id', 'client_secret'],
  },
  dropbox: { parameters: [], secrets: ['token', 'client_id', 'client_secret'] },
  onedrive: {
    parameters: ['drive_id', 'drive_type', 'region'],
    secrets: ['token', 'client_id', 'client_secret'],
  },
}

/** They read the disk of the node or lead on to another remote, which could do that: nobody's, over the API. */
const FOR_NOBODY = new Set([
  'local',
  'alias',
  'union',
  'combine',
  'crypt',
  'chunker',
  'compress',
  'hasher',
  'cache',
  'archive',
])
/** Settings that name a file of the node, a program to run, or make rclone look into its environment. */
const DANGEROUS =
  /(^|_)(file|command|path|dir|ssh|socket|auth_proxy)$|^env_auth$|^profile$|^ssh$|_env|^override$/
const NAME = /^[a-z][a-z0-9_]{0,60}$/

/**
 * Throws unless whoever asks may define storage of that rclone backend with these settings:
 * `ForbiddenError` for what only operators may, `BadRequestError` for what nobody may.
 */
export function assertBackend(
  backend: string,
  names: { parameters: readonly string[]; secrets: readonly string[] },
  isOperator: boolean,
): void {
  if (!NAME.test(backend)) throw invalid('parameters.type', 'It names no backend of rclone, such as "b2".')
  if (FOR_NOBODY.has(backend)) {
    throw invalid(
      'parameters.type',
      `The backend ${backend} can read the disk of this node; it is for nobody.`,
    )
  }
  // Settings and secrets become one list for rclone, in which these two decide what it speaks and where.
  const decisive = names.secrets.find((name) => name === 'type' || name === 'root')
  if (decisive !== undefined) throw invalid(`secrets.${decisive}`, 'This is no secret; give it as a setting.')
  for (const name of [...names.parameters, ...names.secrets]) {
    if (!NAME.test(name) || DANGEROUS.test(name))
      throw invalid(
        `parameters.${name}`,
        'This setting can read a file of the node or run a program; it is for nobody.',
      )
  }
  if (!isOperator) assertForUsers(backend, names)
}

function assertForUsers(backend: string, names: Settings): void {
  const allowed = Object.hasOwn(FOR_USERS, backend) ? FOR_USERS[backend] : undefined
  if (allowed === undefined) {
    const usual = Object.keys(FOR_USERS).join(', ')
    throw new ForbiddenError(
      `Only operators define storage of the backend ${backend}. Users: ${usual}; and the kinds s3, sftp, webdav and http.`,
      { code: 'BACKEND_FOR_OPERATORS' },
    )
  }
  const other =
    names.parameters.find((name) => !allowed.parameters.includes(name)) ??
    names.secrets.find((name) => !allowed.secrets.includes(name))
  if (other === undefined) return
  throw new ForbiddenError(`Only operators use the setting ${other} of the backend ${backend}.`, {
    code: 'BACKEND_FOR_OPERATORS',
  })
}

function invalid(field: string, message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_ENDPOINT', fields: [{ field, message }] })
}
