import type { TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

export interface OcsAnswer<T> {
  /** Of HTTP. */
  status: number
  headers: Headers
  meta: { status: string; statuscode: number; message: string }
  data: T
}

export interface OcsAsk {
  method?: string
  version?: '1' | '2'
  form?: Record<string, string>
  json?: unknown
  headers?: Record<string, string>
}

/** One call of an operation as a client makes it: JSON, with the header that shows it is no page. */
export async function ocs<T = Record<string, unknown>>(
  user: TestUser,
  path: string,
  { method = 'GET', version = '2', form, json, headers = {} }: OcsAsk = {},
): Promise<OcsAnswer<T>> {
  const url = /^https?:/.test(path) ? atDoor(user, path) : `${user.origin}/ocs/v${version}.php/${path}`
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: user.authorization,
      'ocs-apirequest': 'true',
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
  const text = await answer.text()
  const none = { meta: { status: '', statuscode: 0, message: '' }, data: undefined }
  const { meta, data } = text === '' ? none : JSON.parse(text).ocs
  return { status: answer.status, headers: answer.headers, meta, data }
}

/** An absolute link of the node, where the test reaches it: its name is known to the mesh only. */
function atDoor(user: TestUser, link: string): string {
  const { pathname, search } = new URL(link)
  return `${user.origin}${pathname}${search}`
}

export const SHARES = 'apps/files_sharing/api/v1/shares'
export const REMOTE_SHARES = 'apps/files_sharing/api/v1/remote_shares'
export const SHAREES = 'apps/files_sharing/api/v1/sharees'
export const NOTIFICATIONS = 'apps/notifications/api/v2/notifications'

/** What the tests read of a share. */
export interface OcsShareView {
  id: string
  share_type: number
  path: string
  permissions: number
  expiration: string | null
  note: string
  share_with: string
  item_type: string
  token: string | null
  url: string
  [key: string]: unknown
}

export interface NotificationView {
  notification_id: number
  app: string
  object_type: string
  object_id: string
  subject: string
  message: string
  datetime: string
  shouldNotify: boolean
  actions: { label: string; link: string; type: string; primary: boolean }[]
}

/** Shares by the operation; throws when that is refused. */
export async function share(user: TestUser, form: Record<string, string>): Promise<OcsShareView> {
  const { meta, data } = await ocs<OcsShareView>(user, SHARES, { method: 'POST', form })
  if (meta.statuscode !== 200) throw new Error(`${meta.statuscode} ${meta.message}`)
  return data
}

/** A node of a mesh by its position. */
export function nodeAt(mesh: { nodes: TestNode[] }, index: number): TestNode {
  return mesh.nodes[index] as TestNode
}
