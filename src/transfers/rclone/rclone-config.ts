import type { Outbound } from '../../platform/outbound.ts'
import { formatPath } from '../../store/paths.ts'
import type { StorePath } from '../../store/types.ts'
import type { RcloneRemote } from '../endpoints.ts'
import type { RcloneDaemon } from '../executors/rclone-daemon.ts'
import { parseSftpUrl } from '../registry/endpoint-rules.ts'
import type { TransferEndpoint } from '../registry/types.ts'
import { parseWebUrl } from '../web/web-url.ts'
import type { StorageGate } from './storage-gate.ts'

/** Secrets that rclone takes only in the form it calls obscured; it is no protection. */
const OBSCURED = new Set(['pass', 'password', 'key_file_pass', 'password2'])
/** A slow server is not taken for one that never answers. */
const SFTP_USUAL = { shell_type: 'unix', idle_timeout: '60s', disable_hashcheck: 'false' }

export interface RcloneConfigDeps {
  daemon: RcloneDaemon
  outbound: Outbound
  gate: StorageGate
}

/**
 * An endpoint as rclone takes it: parameters of one call over the loopback interface, neither in a
 * command line nor on the disk. Server names that users gave are turned into checked addresses here.
 */
export function rcloneRemote(
  deps: RcloneConfigDeps,
  endpoint: TransferEndpoint,
  secrets: Record<string, string>,
): RcloneRemote {
  return {
    label: labelOf(endpoint),
    fs: async () => obscured(deps.daemon, await configOf(deps, endpoint, secrets)),
    nameOf: (path: StorePath) => formatPath(path).slice(1),
  }
}

function labelOf({ kind, url, parameters, name }: TransferEndpoint): string {
  if (kind === 'sftp' && url !== undefined) return parseSftpUrl(url).host
  if (kind === 's3' && url !== undefined) return parseWebUrl(url).host
  if (kind === 's3') return `s3 ${parameters.bucket}`
  return name
}

async function configOf(
  deps: RcloneConfigDeps,
  { kind, url = '', parameters }: TransferEndpoint,
  secrets: Record<string, string>,
): Promise<Record<string, string>> {
  if (kind === 'sftp') return sftpConfig(deps.outbound, url, { ...parameters, ...secrets })
  if (kind === 's3') return s3Config(deps, url, { ...parameters, ...secrets })
  const { root = '', ...others } = parameters
  return { ...others, ...secrets, ...(root === '' ? {} : { _root: root }) }
}

/** The address is the one that was checked, so that a name cannot change its mind in between. */
async function sftpConfig(
  outbound: Outbound,
  url: string,
  { user = '', password, privateKey, passphrase }: Record<string, string>,
): Promise<Record<string, string>> {
  const { host, port, root } = parseSftpUrl(url)
  const address = await outbound.addressOf(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  return {
    type: 'sftp',
    ...SFTP_USUAL,
    host: address,
    port: String(port),
    user,
    ...(password === undefined ? {} : { pass: password }),
    ...(privateKey === undefined ? {} : { key_pem: privateKey.trim().replaceAll(/\r?\n/g, '\\n') }),
    ...(passphrase === undefined ? {} : { key_file_pass: passphrase }),
    _root: root === '' ? '/' : root,
  }
}

/** Plain http, because that is what goes through our own way out, which speaks TLS (`StorageGate`). */
async function s3Config(
  { outbound, gate }: RcloneConfigDeps,
  url: string,
  settings: Record<string, string>,
): Promise<Record<string, string>> {
  const {
    bucket = '',
    prefix = '',
    region,
    provider,
    accessKeyId,
    pathStyle,
    secretAccessKey,
    sessionToken,
  } = settings
  const server = parseWebUrl(url === '' ? `https://s3.${region ?? 'us-east-1'}.amazonaws.com` : url)
  await outbound.check(server.href)
  gate.speak(server.origin)
  return {
    type: 's3',
    provider: provider ?? (url === '' ? 'AWS' : 'Other'),
    endpoint: `http://${server.host}`,
    env_auth: 'false',
    force_path_style: pathStyle ?? 'true',
    no_check_bucket: 'true',
    ...(region === undefined ? {} : { region }),
    ...(accessKeyId === undefined ? {} : { access_key_id: accessKeyId }),
    ...(secretAccessKey === undefined ? {} : { secret_access_key: secretAccessKey }),
    ...(sessionToken === undefined ? {} : { session_token: sessionToken }),
    _root: [bucket, ...prefix.split('/').filter(Boolean)].join('/'),
  }
}

async function obscured(
  daemon: RcloneDaemon,
  config: Record<string, string>,
): Promise<Record<string, string>> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(config)) {
    result[name] = OBSCURED.has(name) ? await obscure(daemon, value) : value
  }
  return result
}

async function obscure(daemon: RcloneDaemon, clear: string): Promise<string> {
  const answer = await daemon.call(await daemon.ensure(), 'core/obscure', { clear })
  return String(answer.obscured)
}
