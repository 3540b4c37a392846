import { BadRequestError } from '../platform/errors.ts'

const NAME_FORM = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** True for what can be the name of a user here; nothing else needs to be looked up. */
export function isUserName(text: string): boolean {
  return NAME_FORM.test(text)
}

/** Throws `BadRequestError` for what cannot. */
export function checkUserName(text: string): void {
  if (isUserName(text)) return
  throw new BadRequestError(
    'A user name has 1 to 64 of a-z, 0-9, dot, dash and underscore, and starts with a letter or a digit.',
    {
      code: 'INVALID_USER_NAME',
      fields: [{ field: 'name', message: 'has a character that is not allowed' }],
    },
  )
}
