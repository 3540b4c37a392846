import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { findPublicKey } from '../platform/public-key.ts'
import { delivery } from './delivery.ts'
import { fts } from './fts.ts'
import { mail, notify } from './mail.ts'
import { oidc, sessions } from './sign-in.ts'
import { tpc } from './tpc.ts'

const cidr = z
  .string()
  .refine((text) => ipaddr.isValidCIDR(text), 'must be a network in CIDR form such as 10.0.0.0/8')
const port = z.int().min(0).max(65_535)
/** At most a week: a timer that is set to more than 24 days fires at once. */
const seconds = z.number().positive().max(604_800)

const publicUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/[?#]/.test(text), 'must not carry a query or a fragment')
  .refine((text) => !/^[^/]*\/\/[^/]*@/.test(text), 'must not carry a name or a password')
  .transform((text) => text.replace(/\/+$/, ''))

const server = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on.'),
  port: port.default(8080).describe('Port of drive, OCM and API; 0 takes a free one.'),
  tls: z
    .strictObject({ certFile: z.string(), keyFile: z.string() })
    .optional()
    .describe('PEM files, when the node itself ends TLS; without them a reverse proxy does.'),
  trustedProxies: z
    .array(cidr)
    .default([])
    .describe('Networks of reverse proxies whose X-Forwarded-For is believed.'),
  sendfile: z
    .enum(['none', 'x-accel-redirect', 'x-sendfile'])
    .default('none')
    .describe('Leave the bytes of large files to the reverse proxy: nginx, or Apache with mod_xsendfile.'),
  sendfilePrefix: z
    .string()
    .regex(/^\/([\w.~-]+\/)+$/, 'must be a path with slashes at both ends, of letters, digits and -._~')
    .default('/.causeway-files/')
    .describe('The address of storage.folder inside nginx, for x-accel-redirect.'),
  idleTimeoutSeconds: seconds
    .default(300)
    .describe('How long a client may be silent in the middle of a file it sends or takes.'),
  stopGraceSeconds: seconds.default(30).describe('How long a stop waits for running requests.'),
  workers: z.int().min(1).max(64).default(1).describe('Processes that share the port; 1: no others.'),
})

const ops = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address of the port for health and metrics.'),
  port: port
    .optional()
    .describe('Port for /metrics, /healthz, /readyz; 1000 above server.port unless given.'),
})

const databases = z.discriminatedUnion('client', [
  z.strictObject({
    client: z.literal('sqlite'),
    file: z.string().default('causeway.db').describe('Relative to the folder of the node.'),
  }),
  z.strictObject({
    client: z.literal('postgres'),
    url: z
      .string()
      .describe('postgres://user:password@host/name; use CAUSEWAY_DATABASE__URL_FILE for the secret.'),
    poolSize: z.int().min(1).default(10),
  }),
])

/** Without `client` it is SQLite, so that its file alone can be configured. */
const database = z.preprocess(
  (input) => (typeof input === 'object' ? { client: 'sqlite', ...input } : input),
  databases,
)

const storage = z.strictObject({
  folder: z.string().default('spaces').describe('Where the files lie, relative to the folder of the node.'),
  fsync: z
    .enum(['always', 'rename', 'never'])
    .default('rename')
    .describe('What is flushed before a write is answered: file and folder, the file, or nothing.'),
  quotaBytes: z
    .int()
    .min(0)
    .optional()
    .describe('Bytes one user may store; no limit but the disk unless given.'),
  moreChecksums: z
    .array(z.enum(['sha1', 'md5', 'crc32c']))
    .default([])
    .describe('Checksums computed while writing beside SHA-256 and Adler-32.'),
  trashDays: z.int().min(0).default(30).describe('How long what was deleted can be restored; 0: not at all.'),
  versionDays: z
    .int()
    .min(0)
    .default(30)
    .describe('How long what was overwritten can be restored; 0: not at all.'),
  watchSeconds: z
    .int()
    .min(0)
    .default(10)
    .describe('How often a drive is looked through for changes made beside the node, at most; 0: never.'),
  maxUploadBytes: z.int().min(1).optional().describe('Largest single file taken.'),
})

const network = z.strictObject({
  allow: z.array(cidr).default([]).describe('Private networks that peers may be in.'),
  insecureHttp: z
    .boolean()
    .default(false)
    .describe('Speak plain http to peers: closed networks and tests only.'),
  hosts: z
    .record(z.string(), z.union([z.ipv4(), z.ipv6()], 'must be an IP address'))
    .default({})
    .describe('Names answered here instead of by DNS.'),
  extraCaFile: z.string().optional().describe('PEM file of further certificate authorities.'),
  connectTimeoutSeconds: seconds.default(20),
  idleTimeoutSeconds: seconds.default(60).describe('Longest silence of another server before we give up.'),
})

const peer = z.strictObject({
  dialect: z.enum(['standard', 'older', 'nextcloud', 'owncloud10', 'ocis', 'reva']).optional(),
  endPoint: z.url({ protocol: /^https?$/ }).optional(),
})

const directoryKey = z
  .union([z.string().min(1), z.record(z.string(), z.unknown())])
  .refine(
    (key) => findPublicKey(key) !== undefined,
    'must be a public key: a JWK, or PEM (also a certificate)',
  )

const directory = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    key: directoryKey.or(z.array(directoryKey).min(1)).optional(),
    allowUnsigned: z.boolean().default(false),
  })
  .refine(({ key, allowUnsigned }) => key !== undefined || allowUnsigned, 'needs a key, or allowUnsigned')

const trustRule = z.enum(['open', 'allowlist', 'denylist', 'directory'])

const ocm = z.strictObject({
  enabled: z.boolean().default(true),
  trust: z
    .union([trustRule, z.array(trustRule).min(1)])
    .default('open')
    .describe(
      'Whom to talk to: anyone, hosts of `trust add`, or of the directories; of a list, one suffices.',
    ),
  requireSignatures: z
    .union([z.boolean(), z.enum(['always', 'known', 'never'])])
    .default('known')
    .describe('Refuse messages that are not signed: all, only of peers that can sign (false), or none.'),
  keyChange: z
    .enum(['hold', 'accept'])
    .default('hold')
    .describe('A peer with all keys changed waits for `peer accept-key`, or is taken as it is.'),
  messagesPerMinute: z
    .int()
    .min(0)
    .default(1_200)
    .describe('Messages taken of one peer, five times as many from one address; 0: no limit.'),
  exchangeTokens: z
    .enum(['never', 'offer', 'require'])
    .default('offer')
    .describe('Secrets of shares are exchanged for short-lived tokens: never, with peers that can, always.'),
  tokenSeconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(300)
    .describe('How long a token that we gave in exchange opens its share.'),
  mustInvite: z.boolean().default(false).describe('Take shares only from people an invitation connected.'),
  reshareRequests: z
    .enum(['accept', 'refuse'])
    .default('accept')
    .describe('Whether recipients with the right to reshare may ask this node to share with others.'),
  invitationDays: z.number().positive().default(14).describe('How long an invitation can be accepted.'),
  directories: z
    .array(directory)
    .default([])
    .describe('Lists of servers that others publish: where, and the key (JWK or PEM) that signs each.'),
  publishDirectory: z
    .strictObject({ federation: z.string().min(1).max(200), unsigned: z.boolean().default(false) })
    .optional()
    .describe('Publish this node and its allow list as a signed directory of this name.'),
  peers: z
    .record(z.string(), peer)
    .default({})
    .describe('What to hold of single hosts whatever they say: the form of messages they take, where.'),
})

const cache = z.strictObject({
  maxBytes: z
    .int()
    .min(0)
    .default(0)
    .describe('Room for fetched files that jobs may share; 0: no cache. The longest unused go first.'),
  minFreeBytes: z.int().min(0).default(0).describe('… and what must stay free on its disk.'),
  lifetimeDays: z.number().positive().default(30).describe('What nobody used for this long is removed.'),
  hardLinks: z
    .boolean()
    .default(true)
    .describe('Link cached files into drives; off where others write into files of drives in place.'),
})

const stagePath = z.strictObject({
  path: z.string().startsWith('/').describe('A folder below which computing jobs have their directories.'),
  users: z.array(z.string().min(1)).default([]).describe('Who may; all when neither users nor groups are.'),
  groups: z.array(z.string().min(1)).default([]),
})

const transfers = z.strictObject({
  executor: z
    .enum(['auto', 'stream', 'rclone'])
    .default('auto')
    .describe('Who moves the bytes unless a job says otherwise; `auto`: by what both ends can do.'),
  slots: z.int().min(1).max(256).default(10).describe('Files moved at the same time.'),
  emergencySlots: z.int().min(0).max(64).default(1).describe('More for shares that would get nothing.'),
  stageSlots: z
    .strictObject({
      preProcess: z
        .int()
        .min(0)
        .max(1000)
        .default(20)
        .describe('Files besides, whose source or destination is slow to say what it has.'),
      postProcess: z
        .int()
        .min(0)
        .max(1000)
        .default(20)
        .describe('Files besides, whose destination is slow to verify or to publish what came.'),
    })
    .prefault({}),
  sharePolicy: z
    .enum(['none', 'user', 'group', 'institution', 'link', 'label'])
    .default('user')
    .describe('By what transfers are sorted into shares, which divide the slots.'),
  links: z
    .strictObject({
      min: z.int().min(1).max(1000).default(2).describe('Files at a time between two hosts, at least.'),
      max: z.int().min(1).max(1000).default(60).describe('… and at most; in between they adapt.'),
      start: z.int().min(1).max(1000).default(40).describe('Where a pair of hosts begins.'),
    })
    .prefault({}),
  bandwidth: z
    .string()
    .default('')
    .describe('Bytes per second of all transfers together, by time of day: `08:00,10M 18:00,off`.'),
  timeZone: z.string().default('UTC').describe('Whose times of day `bandwidth` and schedules mean.'),
  shareWeights: z
    .record(z.string(), z.int().min(1).max(100))
    .default({})
    .describe('Weights of shares by name, such as `user:alice` or `group:hpc`; 50 where none is given.'),
  maxTries: z.int().min(1).max(100).default(10).describe('Attempts per file before it fails.'),
  retryBaseSeconds: z.number().min(0).default(10).describe('Attempt n waits n² times this long.'),
  leaseSeconds: seconds.default(30).describe('A silent worker loses its file after this long.'),
  localSizeLimit: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024)
    .describe('Bytes; smaller files are moved by the node itself, larger ones by delivery workers if any.'),
  delivery: delivery.prefault({}),
  rcloneProgram: z.string().default('rclone').describe('Name on PATH, or path, of rclone.'),
  cache: cache.prefault({}),
  stagePaths: z
    .array(stagePath)
    .default([])
    .describe('Folders of this machine where files may be staged for computing jobs.'),
  tpc: tpc.prefault({}),
  fts: fts.optional().describe('An FTS3 server for orders that ask for it.'),
})

const clients = z.strictObject({
  bulkUpload: z
    .enum(['safe', 'always', 'never'])
    .default('safe')
    .describe('Whom to offer bulk upload: desktop clients that send empty files right, all, or none.'),
})

const app = z.strictObject({
  name: z.string().min(1),
  kind: z.literal('link').describe('`link`: a web page that is handed the file by address.'),
  url: z
    .url({ protocol: /^(?!javascript$|data$|vbscript$)/ })
    .describe('May hold {fileId}, {fileName} and {lang}.'),
  description: z.string().optional(),
  icon: z.string().optional(),
  mimeTypes: z.array(z.string()).min(1),
})

const log = z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  requests: z.boolean().default(true).describe('One line for every request.'),
})

/** Every key of `causeway.yaml`. Only `publicUrl` has no default. */
export const configSchema = z.strictObject({
  publicUrl: publicUrl.describe('Where the world reaches this node; the only source of absolute URLs.'),
  name: z.string().min(1).default('Causeway').describe('What people see as the name of this site.'),
  server: server.prefault({}),
  ops: ops.prefault({}),
  database: database.prefault({}),
  storage: storage.prefault({}),
  network: network.prefault({}),
  ocm: ocm.prefault({}),
  transfers: transfers.prefault({}),
  clients: clients.prefault({}),
  sessions: sessions.prefault({}),
  oidc: oidc.optional().describe('An identity provider to sign in with.'),
  mail: mail.prefault({}),
  notify: notify.prefault({}),
  apps: z.array(app).default([]),
  log: log.prefault({}),
})

/** The complete, checked configuration of a node. Rooms get their slice of it. */
export type Config = z.infer<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
