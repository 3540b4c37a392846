import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { Registry } from 'prom-client'
import {
  createOcm,
  generateSigningKey,
  type Ocm,
  type OcmConfig,
  type SigningKey,
} from '../../src/ocm/index.ts'
import type { MeshInbox } from '../../src/ocm/mesh-inbox.ts'
import type { NotificationAnswer, OcmNotification } from '../../src/ocm/notification.ts'
import type { AcceptedInvite, OcmShare } from '../../src/ocm/types.ts'
import type { Clock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createOutbound, type Outbound } from '../../src/platform/outbound.ts'
import { createSeal } from '../../src/platform/seal.ts'
import { createTestDatabase } from '../support/databases.ts'

export const START_MS = 1_795_000_000_000

/** What seals secrets in the databases of the tests. */
export const TEST_NODE_KEY = Buffer.alloc(32, 7)

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  private ms = START_MS
  nowMs(): number {
    return this.ms
  }
  advance(ms: number): void {
    this.ms += ms
  }
  wait(): Promise<void> {
    return Promise.reject(new Error('nothing in this room waits'))
  }
}

/** Names of the tests → addresses; everything that listens is on loopback, which is allowed by configuration. */
export function testOutbound(insecureHttp = true): Outbound {
  const loopback = ['leiden.test', 'krakow.test', 'other.test', 'old.test'].map((name) => [name, '127.0.0.1'])
  return createOutbound({
    allow: ['127.0.0.0/8'],
    insecureHttp,
    hosts: { ...Object.fromEntries(loopback), 'inside.test': '10.11.12.13' },
    connectTimeoutMs: 5000,
    idleTimeoutMs: 5000,
  })
}

/** People and shares of a test node: notes what it is told and answers as the tests set it up. */
export class NotingInbox implements MeshInbox {
  readonly shares: { share: OcmShare; peerHost: string }[] = []
  readonly notifications: { notification: OcmNotification; peerHost: string }[] = []
  readonly invites: AcceptedInvite[] = []
  /** providerId → peer */
  readonly peers = new Map<string, string>()
  failWith: Error | undefined
  /** What a notification is answered with. */
  answer: NotificationAnswer | undefined

  async receiveShare(share: OcmShare, peerHost: string): Promise<{ recipientDisplayName: string }> {
    if (this.failWith !== undefined) throw this.failWith
    this.shares.push({ share, peerHost })
    return { recipientDisplayName: 'Jan of Krakow' }
  }
  async receiveNotification(
    notification: OcmNotification,
    peerHost: string,
  ): Promise<NotificationAnswer | undefined> {
    if (this.failWith !== undefined) throw this.failWith
    this.notifications.push({ notification, peerHost })
    return this.answer
  }
  async inviteAccepted(invite: AcceptedInvite) {
    if (this.failWith !== undefined) throw this.failWith
    this.invites.push(invite)
    return { userId: 'u-ann', displayName: 'Ann', email: 'ann@leiden.test' }
  }
  /** code → client that may exchange it */
  readonly codes = new Map<string, string>()
  async exchangeToken(code: string, clientHost: string) {
    if (this.codes.get(code) !== clientHost) return undefined
    return { accessToken: `token-for-${code}`, expiresInSeconds: 300 }
  }
  async findNumberedShare(): Promise<undefined> {}
  async findPeerOfShare(providerId: string): Promise<string | undefined> {
    return this.peers.get(providerId)
  }
}

export interface TestNode {
  ocm: Ocm
  host: string
  publicUrl: string
  port: number
  key: SigningKey
  inbox: NotingInbox
  db: Db
  close(): Promise<void>
}

export interface TestNodeOptions {
  clock: Clock
  basePath?: string
  /** The address of a proxy before the node. */
  publicUrl?: string
  ocm?: Partial<OcmConfig['ocm']>
  /** The way out, where it has rules of its own. */
  outbound?: Outbound
  /** Where it counts. */
  registry?: Registry
}

/** A koa server on 127.0.0.1 with the middleware of the room; reached under `name`. */
export async function startNode(name: string, options: TestNodeOptions): Promise<TestNode> {
  const server = createServer().listen(0, '127.0.0.1')
  const port = await listening(server)
  const publicUrl = options.publicUrl ?? `http://${name}:${port}${options.basePath ?? ''}`
  const { host } = new URL(publicUrl)
  const { db, close } = await createTestDatabase('sqlite')
  const outbound = options.outbound ?? testOutbound()
  const key = generateSigningKey(host)
  const inbox = new NotingInbox()
  const ocm = createOcm({
    config: {
      publicUrl,
      name: `Drive of ${name}`,
      ocm: ocmConfig(options.ocm),
      network: { insecureHttp: true },
    },
    outbound,
    db,
    clock: options.clock,
    log: createLogger('silent'),
    keys: [key.privateJwk],
    seal: createSeal(TEST_NODE_KEY),
    inbox: () => inbox,
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  })
  server.on('request', new Koa().use(ocm.middleware).callback())
  return {
    ocm,
    host,
    publicUrl,
    port,
    key,
    inbox,
    db,
    close: async () => {
      await outbound.close()
      server.closeAllConnections()
      server.close()
      await close()
    },
  }
}

export function ocmConfig(overrides: Partial<OcmConfig['ocm']> = {}): OcmConfig['ocm'] {
  return {
    enabled: true,
    trust: 'open',
    requireSignatures: true,
    keyChange: 'hold',
    messagesPerMinute: 0,
    exchangeTokens: 'offer',
    tokenSeconds: 300,
    reshareRequests: 'accept',
    mustInvite: false,
    invitationDays: 14,
    directories: [],
    peers: {},
    ...overrides,
  }
}

export async function listening(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A foreign server that answers fixed things: path → answer. */
export type Script = Record<
  string,
  (body: string) => { status?: number; headers?: Record<string, string>; body: string }
>

export async function startForeign(
  script: Script,
  address = '127.0.0.1',
  wantedPort = 0,
): Promise<{ port: number; asked: string[]; close(): void }> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    const answer = script[path]?.(Buffer.concat(chunks).toString()) ?? { status: 404, body: 'not here' }
    response.writeHead(answer.status ?? 200, answer.headers ?? { 'Content-Type': 'application/json' })
    response.end(answer.body)
  }).listen(wantedPort, address)
  const port = await listening(server)
  return {
    port,
    asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A share from ann@`from` to jan@`to`. */
export function sampleShare(from: string, to: string): OcmShare {
  return {
    shareWith: { id: 'u-jan', host: to },
    name: 'beamtime-042',
    description: 'Raw frames, run 42',
    providerId: '0c1d7a52-6f5e-4a0a-9f7a-0d7b9a2f11aa',
    owner: { id: 'u-ann', host: from },
    ownerDisplayName: 'Ann',
    sender: { id: 'u-ann', host: from },
    senderDisplayName: 'Ann',
    shareType: 'user',
    resourceType: 'folder',
    expiresAtMs: START_MS + 86_400_000,
    webdav: {
      uri: `http://${from}/dav/ocm/0c1d7a52-6f5e-4a0a-9f7a-0d7b9a2f11aa`,
      sharedSecret: 'm3Yw1uJm0m7i0uQd2b7C1kq9',
      permissions: ['read'],
      sizeBytes: 81_604_378_624,
    },
  }
}
