import { z } from 'zod'

/** Controls (C0 but tab and line feed, C1) and marks that turn the direction of the text around them. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/
const MAX_ID_LENGTH = 512
const MAX_SECRET_LENGTH = 4096

/** Text of another server as people may see it, on a page or in a terminal: nothing in it acts. */
export function cleanText(text: string, maxLength: number): string {
  const cut = text
    .slice(0, maxLength * 4)
    .toWellFormed()
    .replace(UNSEEN, '')
    .slice(0, maxLength)
  return cut.replace(/[\ud800-\udbff]$/, '')
}

/** The same in one line: names, words. */
export function cleanLine(text: string, maxLength: number): string {
  return cleanText(text.slice(0, maxLength * 4).replace(/[\t\n]/g, ' '), maxLength)
}

/** A name that is only shown; one that is missing or null is empty. */
export const shownName = z
  .string()
  .nullish()
  .transform((value) => cleanLine(value ?? '', 300))

/** An identifier that is kept as it is, because it must be given back; short enough for every index. */
export const exactId = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .refine((text) => !CONTROL.test(text))

/** A secret that will stand in an `Authorization` header (RFC 9110 5.5: visible characters of ASCII). */
export const headerSecret = z
  .string()
  .max(MAX_SECRET_LENGTH)
  .regex(/^[\x21-\x7e]+$/)
