import type { Config } from '../config/schema.ts'

/** `always`: unsigned is refused. `known`: of peers that can sign. `never`: only what is signed wrongly is. */
export type SignaturePolicy = 'always' | 'known' | 'never'

/** `ocm.requireSignatures`; `true` and `false` are its older spellings. */
export function signaturePolicy({
  requireSignatures,
}: Pick<Config['ocm'], 'requireSignatures'>): SignaturePolicy {
  if (typeof requireSignatures === 'string') return requireSignatures
  return requireSignatures ? 'always' : 'known'
}

export type TrustRule = Extract<Config['ocm']['trust'], string>

/** `ocm.trust` as a list; of several rules, one suffices. */
export function trustRules(trust: Config['ocm']['trust']): readonly TrustRule[] {
  return typeof trust === 'string' ? [trust] : trust
}

/** What we demand of an incoming share, in the words of OCM 1.4 "criteria". */
export function criteriaOf(
  ocm: Pick<Config['ocm'], 'requireSignatures' | 'mustInvite' | 'trust' | 'exchangeTokens'>,
): string[] {
  const rules = trustRules(ocm.trust)
  return [
    ...(signaturePolicy(ocm) === 'always' ? ['must-use-http-sig'] : []),
    ...(ocm.exchangeTokens === 'require' ? ['must-exchange-token'] : []),
    ...(ocm.mustInvite ? ['must-invite'] : []),
    ...(rules.includes('open') || rules.includes('denylist') ? [] : ['allowlist']),
    ...(rules.includes('denylist') ? ['denylist'] : []),
  ]
}
