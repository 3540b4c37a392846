import type { ApiRoute } from '../platform/api-route.ts'
import { BadRequestError } from '../platform/errors.ts'
import type { Logger } from '../platform/log.ts'
import { parsePath } from '../store/paths.ts'
import type { EndpointRef, TransferDestination, TransferSource, UrlRef } from './endpoints.ts'
import { RcloneDaemon } from './executors/rclone-daemon.ts'
import { rcloneRemote } from './rclone/rclone-config.ts'
import { RcloneStore } from './rclone/rclone-store.ts'
import { StorageGate } from './rclone/storage-gate.ts'
import { sweepSpool } from './rclone/sweep-spool.ts'
import { assertReachable } from './registry/endpoint-address.ts'
import { endpointRoutes } from './registry/endpoint-api.ts'
import { type Asker, EndpointService, type EndpointServiceDeps } from './registry/endpoint-service.ts'
import { type EndpointFinding, testEndpoint } from './registry/endpoint-test.ts'
import type { TransferEndpoint } from './registry/types.ts'
import { findTapeUrl } from './tape/discover.ts'
import { findThirdPartyCopy } from './web/find-copy.ts'
import { openWeb, type WebAccess, type WebEnd } from './web/open-web.ts'
import { parseWebUrl, type WebUrl } from './web/web-url.ts'

export interface PlacesDeps extends EndpointServiceDeps {
  log: Logger
  /** Name on PATH, or path, of rclone. */
  rcloneProgram: string
  /** A local folder for bytes on their way to and from storage that only rclone speaks. */
  spoolFolder: string
  /** Whether somebody is an operator; their endpoints of all are seen by them whatever their groups. */
  isAdmin(userId: string): Promise<boolean>
}

/** URLs and defined endpoints as ends of transfers, and the API to define them. */
export interface Places {
  /** Throws what `parseWebUrl` throws, `NotFoundError` for an unknown endpoint, 400 for a refused address. */
  resolveSource(userId: string, ref: UrlRef | EndpointRef): Promise<TransferSource>
  resolveDestination(userId: string, ref: UrlRef | EndpointRef): Promise<TransferDestination>
  routes: ApiRoute[]
  /** The rclone of the node, which the executors share. */
  daemon: RcloneDaemon
  close(): Promise<void>
}

interface ResolverDeps extends PlacesDeps {
  daemon: RcloneDaemon
  /** Through which the daemon reaches servers that users named. */
  gate: StorageGate
}

export function createPlaces(deps: PlacesDeps): Places {
  const { outbound, log, rcloneProgram } = deps
  const service = new EndpointService(deps)
  const gate = new StorageGate(outbound)
  sweepSpool(deps.spoolFolder, deps.clock.nowMs()).catch((err) => log.warn({ err }, 'spool not swept'))
  const daemon = new RcloneDaemon({ program: rcloneProgram, log, proxy: () => gate.address() })
  const places = new Resolver({ ...deps, daemon, gate }, service)
  return {
    daemon,
    async close() {
      await daemon.close()
      await gate.close()
    },
    resolveSource: (userId, ref) => places.resolve(userId, ref, 'source'),
    resolveDestination: (userId, ref) => places.resolve(userId, ref, 'destination'),
    routes: endpointRoutes({ service, test: (endpoint, options) => places.test(endpoint, options) }),
  }
}

class Resolver {
  private readonly deps: ResolverDeps
  private readonly service: EndpointService

  constructor(deps: ResolverDeps, service: EndpointService) {
    this.deps = deps
    this.service = service
  }

  async resolve(
    userId: string,
    ref: UrlRef | EndpointRef,
    end: 'source' | 'destination',
  ): Promise<TransferSource & TransferDestination> {
    const asker: Asker = { userId, isAdmin: await this.deps.isAdmin(userId) }
    if ('endpoint' in ref) return this.open(await this.service.get(asker, ref.endpoint), ref.path)
    const url = parseWebUrl(ref.url)
    await assertReachable(this.deps.outbound, url.href)
    const endpoint = await this.service.findByUrl(asker, ref.url)
    const access = endpoint === undefined ? ({ kind: 'auto' } as const) : this.accessOf(endpoint)
    return end === 'source'
      ? openWeb(this.deps.outbound, url, [], access)
      : openForWriting(url, (root, path) => openWeb(this.deps.outbound, root, path, access))
  }

  async test(endpoint: TransferEndpoint, { mayWrite }: { mayWrite: boolean }): Promise<EndpointFinding[]> {
    const end = await this.open(endpoint, '')
    const { remote } = end
    if (remote === undefined || !('spoken' in end.store)) {
      const label = end.rclone?.label ?? endpoint.name
      return testEndpoint({ end, label, mayWrite, spoken: () => `${endpoint.kind} (by rclone)` })
    }
    const web = end as WebEnd
    const { outbound } = this.deps
    const found: { foundCopy?: boolean; tapeUrl?: string } = {}
    const findings = await testEndpoint({
      end,
      label: remote.label,
      mayWrite,
      spoken: () => (web.store.spoken === 'http' ? 'HTTP without WebDAV' : 'WebDAV'),
      async findCopy() {
        found.foundCopy = await findThirdPartyCopy(outbound, remote)
        return found.foundCopy
      },
      async findTape() {
        const tapeUrl = await findTapeUrl(outbound, remote)
        if (tapeUrl !== undefined) found.tapeUrl = tapeUrl
        return tapeUrl
      },
    })
    await this.service.learn(endpoint, found)
    return findings
  }

  private async open(
    endpoint: TransferEndpoint,
    pathText: string,
  ): Promise<TransferSource & TransferDestination> {
    const path = parsePath(pathText)
    const { daemon, outbound, gate, spoolFolder } = this.deps
    if (endpoint.kind === 'webdav' || endpoint.kind === 'http') {
      const url = parseWebUrl(endpoint.url ?? '')
      await assertReachable(outbound, url.href)
      return openWeb(outbound, url, path, this.accessOf(endpoint))
    }
    const rclone = rcloneRemote({ daemon, outbound, gate }, endpoint, this.service.secretsOf(endpoint))
    const scope = `endpoint:${endpoint.id}`
    const hasNoFolders = endpoint.kind === 's3'
    const store = new RcloneStore({ daemon, remote: rclone, scope, hasNoFolders, spoolFolder })
    return { store, path, rclone }
  }

  private accessOf(endpoint: TransferEndpoint): WebAccess {
    const { user } = endpoint.parameters
    const { password, token } = this.service.secretsOf(endpoint)
    const basic = () => `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
    const authorization =
      token !== undefined ? `Bearer ${token}` : password !== undefined ? basic() : undefined
    const { thirdPartyCopy, foundCopy, tapeUrl } = endpoint.abilities
    return {
      // A server that speaks no WebDAV is told so; one that does may still be only a web server.
      kind: endpoint.kind === 'http' ? 'http' : 'auto',
      endpointName: endpoint.name,
      authorization,
      isOfOperator: endpoint.ownerUserId === undefined,
      abilities: {
        // What OPTIONS does not tell, the executor finds out when it comes to it.
        ...(thirdPartyCopy === 'auto' && foundCopy !== true
          ? {}
          : { thirdPartyCopy: thirdPartyCopy !== 'no' }),
        ...(tapeUrl === undefined ? {} : { tapeUrl }),
      },
    }
  }
}

/** From the root of its server on, so that the folders above it can be made. */
function openForWriting(url: WebUrl, open: (root: WebUrl, path: readonly string[]) => WebEnd): WebEnd {
  // An address with a query (a signed one) is this one file and nothing else.
  if (url.segments === undefined) return open(url, [])
  if (url.segments.length === 0) throw new BadRequestError(`The URL names no file or folder at ${url.host}.`)
  return open({ ...url, href: `${url.origin}/`, segments: [] }, parsePath(url.segments.join('/')))
}
