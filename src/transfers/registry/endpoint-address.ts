import { BadRequestError } from '../../platform/errors.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { OutboundError } from '../../platform/outbound-error.ts'
import { parseWebUrl } from '../web/web-url.ts'
import { parseSftpUrl } from './endpoint-rules.ts'
import type { TransferEndpoint } from './types.ts'

/** Throws `BadRequestError` for an address that may not be reached; that a name is unknown now may change. */
export async function assertReachable(outbound: Outbound, url: string): Promise<void> {
  try {
    await outbound.check(url)
  } catch (error) {
    if (!(error instanceof OutboundError)) return
    if (error.reason === 'address-refused' || error.reason === 'bad-url')
      throw new BadRequestError(error.message, {
        code: error.reason === 'bad-url' ? 'INVALID_URL' : 'ADDRESS_REFUSED',
        cause: error,
      })
  }
}

/** A URL of the server it is at, where it names one. */
export function addressOf({ kind, url }: TransferEndpoint): string | undefined {
  if (url === undefined) return undefined
  if (kind !== 'sftp') return parseWebUrl(url).href
  const { host, port } = parseSftpUrl(url)
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Secrets cannot be read, and so must not be sent to a server that they were not given for. */
export function assertSameServer(before: TransferEndpoint, after: TransferEndpoint): void {
  const { prefix: _, root: __, ...settings } = { ...before.parameters }
  const { prefix: ___, root: ____, ...others } = { ...after.parameters }
  const originOf = (endpoint: TransferEndpoint) => URL.parse(addressOf(endpoint) ?? '')?.origin
  const isSame =
    originOf(before) === originOf(after) &&
    isSameTape(before, after) &&
    (before.kind !== 'rclone' || JSON.stringify(settings) === JSON.stringify(others))
  if (isSame) return
  throw new BadRequestError('The server changes; give the secrets for it again.', {
    code: 'SECRETS_NEEDED',
    fields: [{ field: 'secrets', message: 'needed because the server changes' }],
  })
}

/** A tape API is shown the same secrets: it may stay where it is, or be at the server itself. */
function isSameTape(before: TransferEndpoint, after: TransferEndpoint): boolean {
  const known = [addressOf(before), before.abilities.tapeUrl].map((url) => URL.parse(url ?? '')?.origin)
  const { tapeUrl } = after.abilities
  return tapeUrl === undefined || known.includes(URL.parse(tapeUrl)?.origin)
}
