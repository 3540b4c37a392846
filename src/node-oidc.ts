import type { Browsers } from './accounts/browsers.ts'
import type { Groups } from './accounts/groups.ts'
import { OidcAccounts } from './accounts/oidc/oidc-accounts.ts'
import { OidcProvider } from './accounts/oidc/provider.ts'
import { OidcSignIn } from './accounts/oidc/sign-in.ts'
import { ProviderGroups } from './accounts/provider-groups.ts'
import type { Base } from './node-base.ts'
import type { NodeKeys } from './node-keys.ts'
import { createOutboundFetch } from './platform/outbound-fetch.ts'
import { createSeal } from './platform/seal.ts'

/** Signing in with an identity provider. */
export interface Oidc {
  accounts: OidcAccounts
  signIn: OidcSignIn
}

/** Undefined where none is configured. */
export function createOidc(
  { config, db, clock, outbound }: Base,
  { nodeKey }: NodeKeys,
  { browsers, groups }: { browsers: Browsers; groups: Groups },
): Oidc | undefined {
  const { oidc, publicUrl } = config
  if (oidc === undefined) return undefined
  const provider = new OidcProvider({
    ...{ config: oidc, clock, fetch: createOutboundFetch(outbound) },
    redirectUri: `${publicUrl}/login/oidc/callback`,
  })
  const accounts = new OidcAccounts({
    ...{ db, clock, config: oidc },
    groups: new ProviderGroups({ db, clock, groups }),
  })
  const seal = createSeal(nodeKey)
  const signIn = new OidcSignIn({ db, clock, seal, publicUrl, provider, accounts, browsers })
  browsers.leave = (hint) => signIn.leave(hint)
  return { accounts, signIn }
}
