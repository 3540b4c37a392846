import { BadRequestError } from '../platform/errors.ts'

export type Depth = '0' | '1' | 'infinity'

/** Reads a `Depth` header (RFC 4918 10.2); undefined when none was sent. */
export function parseDepth(header: string | undefined): Depth | undefined {
  const text = header?.trim().toLowerCase()
  if (text === undefined || text === '0' || text === '1' || text === 'infinity') return text
  throw new BadRequestError('Depth must be 0, 1 or infinity.', { code: 'INVALID_DEPTH' })
}

/** Depth of COPY and LOCK: 0 or infinity, infinity unless given (RFC 4918 9.8.3, 9.10.3). */
export function parseZeroOrInfinity(header: string | undefined): '0' | 'infinity' {
  const depth = parseDepth(header) ?? 'infinity'
  if (depth === '1') throw new BadRequestError('Depth must be 0 or infinity here.', { code: 'INVALID_DEPTH' })
  return depth
}

/** MOVE and DELETE take a folder with all in it; a client that says otherwise is mistaken (9.6.1, 9.9.2). */
export function requireInfinity(header: string | undefined, isFolder: boolean): void {
  const depth = parseDepth(header) ?? 'infinity'
  if (isFolder && depth !== 'infinity') {
    throw new BadRequestError('A folder goes with all below it: Depth must be infinity.', {
      code: 'INVALID_DEPTH',
    })
  }
}
