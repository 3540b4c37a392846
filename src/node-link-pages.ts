import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import type { Config } from './config/schema.ts'
import { clientAddress } from './http/client-address.ts'
import type { Shares } from './shares/index.ts'
import { publicLinkPages } from './shares/links/routes.ts'
import { dropRest, postedBytes, type SendOptions, sendFile } from './webdav/index.ts'

/** What a browser sees of public links. */
export function linkPages(
  { publicUrl, storage, server }: Config,
  { links }: Pick<Shares, 'links'>,
  options: SendOptions,
): Middleware {
  return publicLinkPages({
    links,
    publicUrl,
    log: options.log,
    maxUploadBytes: storage.maxUploadBytes ?? Number.POSITIVE_INFINITY,
    clientAddress: (request: IncomingMessage) => clientAddress(request, server.trustedProxies),
    sendFile: (ctx, file) => sendFile(ctx, file, options),
    dropRest: (ctx) => dropRest(ctx, options.clock),
    postedBytes: (ctx) => postedBytes(ctx, options.idleMs),
  })
}
