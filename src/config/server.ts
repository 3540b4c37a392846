import { z } from 'zod'
import { cidr, port, seconds } from './values.ts'

/** One spelling, without a slash at its end: addresses and the OCM host are made by appending to it. */
export const publicUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/[?#]/.test(text), 'must not carry a query or a fragment')
  .refine((text) => !/^[^/]*\/\/[^/]*@/.test(text), 'must not carry a name or a password')
  .transform((text) => text.replace(/\/+$/, ''))

/** Where and how the node listens. */
export const server = z.strictObject({
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

/** What monitoring asks has a port of its own, so that the proxy need not keep it from the world. */
export const ops = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address of the port for health and metrics.'),
  port: port
    .optional()
    .describe('Port for /metrics, /healthz, /readyz; 1000 above server.port unless given.'),
})

/** What the node writes to standard error. */
export const log = z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  requests: z.boolean().default(true).describe('One line for every request.'),
})
