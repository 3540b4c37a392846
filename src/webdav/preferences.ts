/** What a client would like left out (RFC 8144). */
export interface Preferences {
  /** No word of what was not found, none of what went well. */
  isMinimal: boolean
  /** A listing without the folder itself. */
  withoutRoot: boolean
}

/** Reads `Prefer` (RFC 7240), and `Brief: t`, the older way to say `return=minimal`. */
export function readPreferences(header: (name: string) => string | undefined): Preferences {
  const wanted = (header('prefer') ?? '').split(',').map((part) => {
    const [preference = ''] = part.split(';')
    return preference.replace(/[\s"]/g, '').toLowerCase()
  })
  return {
    isMinimal: wanted.includes('return=minimal') || header('brief')?.trim().toLowerCase() === 't',
    withoutRoot: wanted.includes('depth-noroot'),
  }
}

/**
 * What PUT and MKCOL say to `return=minimal`, which their answers are anyway (RFC 7240 4.2, RFC 8144 2.3); no
 * cache keeps them, so nothing varies.
 */
export function minimalHeaders(header: (name: string) => string | undefined): Record<string, string> {
  if (header('prefer') === undefined || !readPreferences(header).isMinimal) return {}
  return { 'Preference-Applied': 'return=minimal' }
}

/** Says which preferences were followed, and that the answer depends on them. */
export function preferenceHeaders({ isMinimal, withoutRoot }: Preferences): Record<string, string> {
  const applied = [isMinimal ? 'return=minimal' : '', withoutRoot ? 'depth-noroot' : ''].filter(Boolean)
  return {
    Vary: 'Prefer, Brief',
    ...(applied.length === 0 ? {} : { 'Preference-Applied': applied.join(', ') }),
  }
}
