/** Longest piece of other people's text in a sentence. */
const MAX_LENGTH = 200
// Line ends and control characters; marks that turn the direction of what follows, or show nothing.
const LINE_BREAKING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g
const DECEIVING = /[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/**
 * Text that somebody else chose, as one line that cannot break out of a header or turn the sentence around
 * it: line ends and control characters become a space, marks of direction become visible.
 */
export function oneLine(text: string, maxLength = MAX_LENGTH): string {
  const line = text.toWellFormed().replace(LINE_BREAKING, ' ').replace(DECEIVING, '\ufffd').trim()
  const characters = [...line]
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join('')}…`
}

/** Text of several lines, such as a note; each line as safe as `oneLine`. */
export function someLines(text: string, maxLength = 1_000): string {
  const lines = text.slice(0, maxLength).split(/\r\n|\r|\n/)
  return lines
    .map((line) => oneLine(line, maxLength))
    .join('\n')
    .trim()
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1.5 GB` */
export function formatBytes(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** step
  return `${step === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[step]}`
}

/** `2 h 5 min`, `3 min 20 s`, `40 s` */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
