import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Middleware } from 'koa'
import { oidcPages } from './accounts/oidc/oidc-koa.ts'
import { appRoutes } from './apps/routes.ts'
import type { Config } from './config/schema.ts'
import { clientAddress, isFromProxy } from './http/client-address.ts'
import { earlyContinue } from './http/early-continue.ts'
import { webPage } from './http/web-page.ts'
import { clientFace } from './node-client-face.ts'
import type { FacesBase, Rooms } from './node-faces.ts'
import { linkPages } from './node-link-pages.ts'
import { invitationPages } from './node-pages.ts'
import { createThirdParty, identifyLimited } from './node-tpc.ts'
import { type DavMount, type DavOptions, davMiddleware, tokenFace } from './webdav/index.ts'

/** Where `make web` puts the page. */
const WEB_FOLDER = join(import.meta.dirname, '../dist/web')

/** What is no operation of the API: WebDAV, OCM, the clients of others, pages. The order counts. */
export function createProtocols(base: FacesBase, rooms: Rooms, mounts: DavMount[]): Middleware[] {
  const { config, clock, log } = base
  const authenticateBy = (identify: Rooms['identify']) => async (ctx: Context) => {
    const principal = await identify(ctx.req)
    ctx.state.userName = principal.userName
    return principal
  }
  const authenticate = authenticateBy(rooms.identify)
  const basePath = new URL(config.publicUrl).pathname.replace(/\/$/, '')
  const { maxUploadBytes } = config.storage
  const findFile = async (userId: string, fileId: string) => {
    const found = await rooms.spaces.findFile(fileId)
    if (found === undefined || found.ownerUserId !== userId) return undefined
    return (await rooms.spaces.spaceOf(userId)).stat(found.path)
  }
  const sending = {
    locks: rooms.locks,
    clock,
    log,
    idleMs: config.server.idleTimeoutSeconds * 1_000,
    handOver: handOverOf(config),
  }
  return [
    earlyContinue(),
    // First, because nearly every request is for it.
    davMiddleware({
      ...sending,
      mounts,
      clientAddress: (request) => clientAddress(request, config.server.trustedProxies),
      publicUrl: config.publicUrl,
      // Tokens of limited power open drives and nothing else.
      authenticate: authenticateBy(identifyLimited(rooms)),
      tokens: config.transfers.tpc.enabled ? rooms.tokens : undefined,
      maxUploadBytes,
      thirdParty: createThirdParty(base),
      ownHosts: config.transfers.tpc.ownHosts,
    }),
    rooms.ocm.middleware,
    rooms.ocm.legacy,
    ...(config.transfers.tpc.enabled ? [tokenFace({ ...rooms, publicUrl: config.publicUrl })] : []),
    clientFace(base, rooms, authenticate),
    rooms.notify.pages,
    ...invitationPages(base, rooms),
    ...(rooms.oidc === undefined ? [] : [oidcPages({ signIn: rooms.oidc.signIn, basePath, log })]),
    linkPages(config, rooms.shares, sending),
    appRoutes({ apps: config.apps, authenticate, findFile }),
    webPage({
      folder: WEB_FOLDER,
      basePath,
    }),
  ]
}

const SENDFILE_HEADERS = { 'x-accel-redirect': 'X-Accel-Redirect', 'x-sendfile': 'X-Sendfile' } as const

/** How large files are left to the reverse proxy, when the operator wants that. */
function handOverOf({ server, storage }: Config): DavOptions['handOver'] {
  if (server.sendfile === 'none') return undefined
  mkdirSync(storage.folder, { recursive: true })
  return {
    header: SENDFILE_HEADERS[server.sendfile],
    folder: realpathSync(storage.folder),
    prefix: server.sendfilePrefix,
    isTrusted: (request) => isFromProxy(request, server.trustedProxies),
  }
}
