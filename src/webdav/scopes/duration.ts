import { BadRequestError } from '../../platform/errors.ts'

const FORM = /^P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/
const SECONDS = [86_400, 3_600, 60, 1]

/** Seconds of an ISO 8601 duration such as `PT2H30M`; `BadRequestError` for another text and for none at all. */
export function parseDurationSeconds(text: string): number {
  const parts = FORM.exec(text.trim().toUpperCase())?.slice(1) ?? []
  const seconds = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (SECONDS[index] ?? 0), 0)
  if (seconds > 0) return seconds
  throw new BadRequestError('validity must be a duration such as PT2H or P1D.', { code: 'INVALID_DURATION' })
}
