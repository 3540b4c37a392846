import type { Config } from '../config/schema.ts'
import type { PeerInfo } from './peer-info.ts'
import { signaturePolicy } from './policy.ts'

/**
 * Whether a share for this peer is to demand that its secret is exchanged (`ocm.exchangeTokens`). A peer
 * that does not sign could not ask for a token where every message must be signed.
 */
export function demandsExchange(
  ocm: Pick<Config['ocm'], 'exchangeTokens' | 'requireSignatures'>,
  { capabilities, criteria }: PeerInfo,
): boolean {
  if (ocm.exchangeTokens === 'never') return false
  if (ocm.exchangeTokens === 'require' || criteria.includes('must-exchange-token')) return true
  const maySign = signaturePolicy(ocm) !== 'always' || capabilities.includes('http-sig')
  return capabilities.includes('exchange-token') && maySign
}
