const NAME_FORM = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** True for what can be the name of a user here; nothing else needs to be looked up. */
export function isUserName(text: string): boolean {
  return NAME_FORM.test(text)
}
