import type { OcmClient } from '../ocm/ocm-client.ts'
import type { Db } from '../platform/db.ts'
import { setMustExchange } from './outgoing-repo.ts'

/**
 * The same client, which writes down for each share that it sends whether its secret has to be exchanged:
 * before the message goes, so that the secret itself never opens a share that demands more.
 */
export function rememberingExchange(ocm: OcmClient, db: Db): OcmClient {
  return {
    ...ocm,
    sendShare: (share, options = {}) =>
      ocm.sendShare(share, {
        ...options,
        decided: async (mustExchange) => {
          await setMustExchange(db, share.providerId, mustExchange)
          await options.decided?.(mustExchange)
        },
      }),
  }
}
