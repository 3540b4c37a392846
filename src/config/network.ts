import type { OutboundConfig } from '../platform/outbound.ts'
import type { Config } from './schema.ts'

/** The rules of outgoing requests, in the units of the platform. */
export function outboundConfig(network: Config['network']): OutboundConfig {
  return {
    allow: network.allow,
    insecureHttp: network.insecureHttp,
    hosts: network.hosts,
    extraCaFile: network.extraCaFile,
    connectTimeoutMs: network.connectTimeoutSeconds * 1000,
    idleTimeoutMs: network.idleTimeoutSeconds * 1000,
  }
}

/** The OCM host of a node: host and, unless it is the scheme's own, port of its public URL. */
export function ocmHostOf(publicUrl: string): string {
  return new URL(publicUrl).host
}
