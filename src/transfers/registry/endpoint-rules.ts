import { BadRequestError } from '../../platform/errors.ts'
import { parseWebUrl } from '../web/web-url.ts'
import { assertBackend } from './backends.ts'
import type { EndpointKind } from './types.ts'

/** What of an endpoint is judged; secrets by their names only. */
export interface EndpointShape {
  kind: EndpointKind
  url: string | undefined
  parameters: Record<string, string>
  secretNames: readonly string[]
}

interface KindRules {
  url: 'required' | 'optional' | 'none'
  parameters: readonly string[]
  required?: readonly string[]
  secrets: readonly string[]
}

const RULES: Record<Exclude<EndpointKind, 'rclone'>, KindRules> = {
  webdav: { url: 'required', parameters: ['user'], secrets: ['password', 'token'] },
  http: { url: 'required', parameters: ['user'], secrets: ['password', 'token'] },
  s3: {
    url: 'optional',
    parameters: ['bucket', 'prefix', 'region', 'provider', 'accessKeyId', 'pathStyle'],
    required: ['bucket'],
    secrets: ['secretAccessKey', 'sessionToken'],
  },
  sftp: {
    url: 'required',
    parameters: ['user'],
    required: ['user'],
    secrets: ['password', 'privateKey', 'passphrase'],
  },
}

/** Throws `BadRequestError` that names every wrong field, `ForbiddenError` for what only operators define. */
export function assertEndpoint(shape: EndpointShape, isOperator: boolean): void {
  if (shape.kind === 'rclone') {
    const { type = '', root: _, ...others } = shape.parameters
    if (shape.url !== undefined)
      throw invalid('url', 'An endpoint of the kind rclone has no URL but settings.')
    assertBackend(type, { parameters: Object.keys(others), secrets: shape.secretNames }, isOperator)
    return
  }
  const rules = RULES[shape.kind]
  assertNames('parameters', Object.keys(shape.parameters), rules.parameters)
  assertNames('secrets', shape.secretNames, rules.secrets)
  for (const name of rules.required ?? []) {
    if ((shape.parameters[name] ?? '') === '')
      throw invalid(`parameters.${name}`, `An endpoint of the kind ${shape.kind} needs the setting ${name}.`)
  }
  assertUrl(shape, rules)
  if (shape.kind === 's3') assertS3(shape.parameters)
  if (shape.secretNames.includes('password') && (shape.parameters.user ?? '') === '')
    throw invalid('parameters.user', 'A password needs the user it belongs to.')
  if (shape.secretNames.includes('password') && shape.secretNames.includes('token'))
    throw invalid('secrets', 'Give a password or a token, not both.')
}

function assertUrl({ kind, url }: EndpointShape, rules: KindRules): void {
  if (url === undefined) {
    if (rules.url === 'required') throw invalid('url', `An endpoint of the kind ${kind} needs its URL.`)
    return
  }
  if (kind === 'sftp') return void parseSftpUrl(url)
  const { segments } = parseWebUrl(url)
  if (segments === undefined)
    throw invalid('url', 'The URL of an endpoint names a folder; it has no query and no %2F in it.')
}

/** Host names are built of the region; a bucket may be one too. */
function assertS3(parameters: Record<string, string>): void {
  const forms: Record<string, RegExp> = {
    bucket: /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,62}$/,
    region: /^[a-z0-9][a-z0-9-]{0,40}$/,
    provider: /^[A-Za-z0-9]{1,30}$/,
    pathStyle: /^(true|false)$/,
  }
  for (const [name, form] of Object.entries(forms)) {
    const value = parameters[name]
    if (value !== undefined && !form.test(value))
      throw invalid(`parameters.${name}`, `This is no ${name} of S3.`)
  }
}

/** Where an SFTP server is, and the folder there. */
export interface SftpPlace {
  host: string
  port: number
  root: string
}

/** Reads `sftp://host[:port]/folder`. Throws `BadRequestError`. */
export function parseSftpUrl(text: string): SftpPlace {
  const url = /^sftp:\/\//i.test(text) ? URL.parse(text) : null
  if (url === null || url.hostname === '' || url.search !== '')
    throw invalid('url', 'The URL of an SFTP server looks like sftp://host/folder.')
  if (url.username !== '' || url.password !== '')
    throw invalid(
      'url',
      'The URL holds a user name or password; give them as the setting user and as a secret.',
    )
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 22),
    root: decoded(url.pathname),
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw invalid('url', 'The folder in the URL is not encoded as URLs are.')
  }
}

function assertNames(field: string, names: readonly string[], allowed: readonly string[]): void {
  const other = names.find((name) => !allowed.includes(name))
  if (other === undefined) return
  throw invalid(`${field}.${other}`, `There is no such setting here; there are: ${allowed.join(', ')}.`)
}

function invalid(field: string, message: string): BadRequestError {
  return new BadRequestError(message, { code: 'INVALID_ENDPOINT', fields: [{ field, message }] })
}
