import type { AccessTokens } from './accounts/access-tokens.ts'
import type { Identify } from './accounts/identify.ts'
import { outboundConfig } from './config/network.ts'
import type { Config } from './config/schema.ts'
import type { createMetrics } from './http/metrics.ts'
import type { Clock } from './platform/clock.ts'
import type { Logger } from './platform/log.ts'
import type { Outbound } from './platform/outbound.ts'
import { createUploader } from './platform/outbound-upload.ts'
import { createCopyMetrics, ThirdParty } from './webdav/index.ts'

/** What third-party copies take from the ground floor. */
export interface ThirdPartyBase {
  config: Config
  clock: Clock
  log: Logger
  outbound: Outbound
  metrics: ReturnType<typeof createMetrics>
  stopping: AbortController
}

/** COPY from and to other servers, unless the operator wants none. */
export function createThirdParty(base: ThirdPartyBase): ThirdParty | undefined {
  const { config, clock, log, outbound, metrics, stopping } = base
  const { enabled, headers, maxActive, maxActivePerUser } = config.transfers.tpc
  if (!enabled) return undefined
  return new ThirdParty({
    ...{ clock, log, outbound, headers },
    upload: createUploader(outboundConfig(config.network), clock),
    metrics: createCopyMetrics(metrics.registry),
    limits: { maxActive, maxActivePerUser },
    stopping: stopping.signal,
  })
}

/** Who sends a request, tokens of limited power included: for drives only. */
export function identifyLimited({
  tokens,
  identify,
}: {
  tokens: AccessTokens
  identify: Identify
}): Identify {
  return async (request) => (await tokens.authenticate(request.headers.authorization)) ?? identify(request)
}
