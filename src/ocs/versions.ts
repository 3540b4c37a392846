/**
 * The version of the server whose interfaces these are, as clients compare it: below 7 they refuse,
 * below what they support they warn, and by it they choose the newer of two ways to ask.
 */
const [MAJOR, MINOR, MICRO, BUILD] = [31, 0, 4, 1]

/** `31.0.4` */
export const VERSION_STRING = `${MAJOR}.${MINOR}.${MICRO}`
/** `31.0.4.1` */
export const FULL_VERSION = `${VERSION_STRING}.${BUILD}`

/** The same as the capabilities write it. */
export const VERSION_PARTS = {
  major: MAJOR,
  minor: MINOR,
  micro: MICRO,
  string: VERSION_STRING,
  edition: '',
  extendedSupport: false,
} as const
