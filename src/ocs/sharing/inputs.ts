import { PreconditionFailedError } from '../../platform/errors.ts'
import type { OcsCall } from '../types.ts'

/** A browser that remembers a password would send it along for any page that names this address. */
export function requireProgram({ isProgram }: OcsCall): void {
  if (!isProgram) throw new PreconditionFailedError('Send the header "OCS-APIRequest: true".')
}

/** `true`, `1` and `yes`, as clients write what is switched on. */
export function flagOf(values: URLSearchParams, name: string): boolean {
  return ['true', '1', 'yes'].includes((values.get(name) ?? '').toLowerCase())
}

/** The last part of the address. */
export function idInPath({ path }: OcsCall): string {
  return path.split('/').at(-1) ?? ''
}
