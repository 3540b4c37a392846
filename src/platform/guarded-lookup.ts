import { isIP, type LookupFunction } from 'node:net'
import { type Resolve, resolveAllowed } from './address-rules.ts'
import type { OutboundConfig } from './outbound.ts'

/** A `lookup` for connections, which go to the very addresses that were checked. */
export function guardedLookup(config: OutboundConfig, resolve: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolveAllowed(hostname, resolve, config.allow).then(
      (addresses) => {
        const answers = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = answers
        if (options.all) done(null, answers)
        else done(null, first?.address ?? '', first?.family)
      },
      (error: Error) => done(error, '', 4),
    )
  }
}
