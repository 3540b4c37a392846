import { statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { clientAddress } from './http/client-address.ts'
import type { FacesBase, Rooms } from './node-faces.ts'
import { readShareTree } from './node-share-tree.ts'
import { LoginFlows, type OcsQuota, type OcsTreeAsk, ocsMiddleware } from './ocs/index.ts'
import type { Principal } from './platform/principal.ts'

/** What desktop and mobile clients ask beside WebDAV. */
export function clientFace(
  { config, clock, db, log }: FacesBase,
  { accounts, spaces, shares, visitors, clientSharing }: Rooms,
  authenticate: (ctx: Context) => Promise<Principal>,
): Middleware {
  const site = { name: config.name, publicUrl: config.publicUrl }
  const quotaOf = async (userId: string): Promise<OcsQuota> => {
    const { usedBytes, availableBytes } = await (await spaces.spaceOf(userId)).quota()
    const { bavail, bsize } = await statfs(config.storage.folder)
    if (availableBytes === undefined) return { usedBytes, freeBytes: bavail * bsize }
    const freeBytes = Math.min(availableBytes, bavail * bsize)
    return { usedBytes, freeBytes, limitBytes: usedBytes + availableBytes }
  }
  const flows = new LoginFlows({ db, clock, site, accounts })
  const { bulkUpload } = config.clients
  const { trashDays, versionDays } = config.storage
  const keeps = { trash: trashDays > 0, versions: versionDays > 0 }
  const about = { clock, site, bulkUpload, keeps, accounts, quotaOf }
  const asking = {
    readShareTree: (ask: OcsTreeAsk) => readShareTree(shares, ask),
    clientAddress: (request: IncomingMessage) => clientAddress(request, config.server.trustedProxies),
  }
  return ocsMiddleware({ ...about, ...clientSharing, ...asking, flows, visitors, authenticate, log })
}
