import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import type { DisposalStack } from '../../src/platform/disposal.ts'
import { USER } from '../types.ts'
import { type RunningNode, startNode } from './causeway.ts'

/** Two nodes whose users know each other. */
export interface Mesh {
  from: RunningNode
  to: RunningNode
  /** Shares a path of the first user's drive with the second, who accepts; only to read unless said. */
  share(path: string, role?: 'viewer' | 'editor'): Promise<AcceptedShare>
}

/** A share that both sides know. */
export interface AcceptedShare {
  /** What who gave it calls it. */
  givenId: string
  /** What who was given it calls it. */
  receivedId: string
  /** The address of its root in the recipient's drive; without a slash at its end. */
  url: string
}

const NAMES = { from: 'leiden.test', to: 'krakow.test' }

/**
 * Starts two nodes on loopback, as their defaults are but for what `settings` says, and connects their users
 * by an invitation.
 */
export async function startMesh(
  folder: string,
  stack: DisposalStack,
  settings: Record<string, string> = {},
): Promise<Mesh> {
  const env = {
    ...settings,
    CAUSEWAY_NETWORK__ALLOW: '["127.0.0.0/8"]',
    CAUSEWAY_NETWORK__INSECURE_HTTP: 'true',
    CAUSEWAY_NETWORK__HOSTS: JSON.stringify({ [NAMES.from]: '127.0.0.1', [NAMES.to]: '127.0.0.1' }),
  }
  const start = async (name: 'from' | 'to') => {
    const home = join(folder, NAMES[name])
    await mkdir(home)
    return startNode(home, stack, { name, label: NAMES[name], hostName: NAMES[name], env })
  }
  const from = await start('from')
  const to = await start('to')
  const invitation = await callApi<{ inviteString: string }>(from, 'POST', '/invitations', {})
  await callApi(to, 'POST', '/invitations/accept', { invite: invitation.inviteString })
  return { from, to, share: (path, role) => shareAndAccept({ from, to }, path, role) }
}

async function shareAndAccept(
  { from, to }: Pick<Mesh, 'from' | 'to'>,
  path: string,
  role: 'viewer' | 'editor' = 'viewer',
): Promise<AcceptedShare> {
  const order = { path, shareWith: `${USER}@${to.host}`, role }
  const given = await callApi<{ id: string }>(from, 'POST', '/shares', order)
  const { items } = await callApi<{ items: { id: string }[] }>(to, 'GET', '/received-shares?state=pending')
  const id = items[0]?.id
  if (id === undefined) throw new Error(`the share of ${path} did not arrive; see ${to.logFile}`)
  const accepted = await callApi<{ mountPath: string }>(to, 'POST', `/received-shares/${id}/accept`, {})
  const mount = encodeURI(accepted.mountPath.slice(1))
  return { givenId: given.id, receivedId: id, url: `${to.baseUrl}${mount}` }
}

/** One call of a node's API; throws with the node's own words when it says no. */
export async function callApi<T>(
  node: RunningNode,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<T> {
  const answer = await request(`${node.origin}/api/v1${path}`, {
    method,
    headers: { ...node.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.body.text()
  if (answer.statusCode >= 300)
    throw new Error(`${method} ${path} of ${node.label}: ${answer.statusCode} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}
