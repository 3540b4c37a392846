import { z } from 'zod'
import type { OutboundConfig } from '../platform/outbound.ts'
import { cidr, seconds } from './values.ts'

/** Whom the node may reach, and how long it waits. */
export const network = z.strictObject({
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

export type NetworkConfig = z.infer<typeof network>

/** The rules of outgoing requests, in the units of the platform. */
export function outboundConfig(config: NetworkConfig): OutboundConfig {
  return {
    allow: config.allow,
    insecureHttp: config.insecureHttp,
    hosts: config.hosts,
    extraCaFile: config.extraCaFile,
    connectTimeoutMs: config.connectTimeoutSeconds * 1000,
    idleTimeoutMs: config.idleTimeoutSeconds * 1000,
  }
}

/** The OCM host of a node: host and, unless it is the scheme's own, port of its public URL. */
export function ocmHostOf(publicUrl: string): string {
  return new URL(publicUrl).host
}
