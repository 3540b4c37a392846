import type { NewEndpoint } from '../../../client/operations.ts'

type Kind = NewEndpoint['kind']

/** What the dialog asks for each kind of storage; whatever else rclone knows is defined with the command. */
const FIELDS = {
  webdav: ['url', 'user', 'password'],
  http: ['url', 'user', 'password', 'token'],
  s3: ['url', 'region', 'access_key_id', 'secret_access_key'],
  sftp: ['host', 'user', 'password'],
  rclone: [],
} as const satisfies Record<Kind, readonly string[]>

export type EndpointField = Exclude<(typeof FIELDS)[Kind][number], never>

export const ENDPOINT_KINDS: { value: Kind; label: string }[] = [
  { value: 'webdav', label: 'WebDAV' },
  { value: 'http', label: 'HTTP' },
  { value: 's3', label: 'S3' },
  { value: 'sftp', label: 'SFTP' },
]

export function fieldsFor(kind: Kind): readonly EndpointField[] {
  return FIELDS[kind]
}

const SECRETS: ReadonlySet<string> = new Set(['password', 'token', 'secret_access_key'])

export function isSecret(field: EndpointField): boolean {
  return SECRETS.has(field)
}

/** The values as the API takes them: the address, parameters, and secrets apart. */
export function endpointBody(
  kind: Kind,
  values: Readonly<Record<string, string>>,
  isShared: boolean,
): NewEndpoint {
  const given = fieldsFor(kind).filter((field) => field !== 'url' && (values[field] ?? '') !== '')
  const pick = (fields: readonly EndpointField[]) =>
    Object.fromEntries(fields.map((field) => [field, values[field] ?? '']))
  return {
    name: values.name ?? '',
    kind,
    ...(values.url ? { url: values.url } : {}),
    parameters: pick(given.filter((field) => !isSecret(field))),
    secrets: pick(given.filter(isSecret)),
    ...(isShared ? { shared: true } : {}),
  }
}
