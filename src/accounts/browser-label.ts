const MAX_LENGTH = 120

/** The more particular first: nearly all call themselves Mozilla, and most Safari too. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** A browser in words that people recognise: `Firefox on Linux`; of others what they call themselves. */
export function browserLabel(userAgent: string): string {
  const text = userAgent
    .slice(0, 1_000)
    .toWellFormed()
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  const browser = BROWSERS.find(([form]) => form.test(text))?.[1]
  const system = SYSTEMS.find(([form]) => form.test(text))?.[1]
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  return text === '' ? 'an unknown program' : text.slice(0, MAX_LENGTH).trim()
}
