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
  /** Shares a path of the first user's drive with the second, who accepts; gives the id there. */
  share(path: string): Promise<string>
}

const NAMES = { from: 'leiden.test', to: 'krakow.test' }

/** Starts two nodes on loopback, as their defaults are, and connects their users by an invitation. */
export async function startMesh(folder: string, stack: DisposalStack): Promise<Mesh> {
  const env = {
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
  return { from, to, share: (path) => shareAndAccept(from, to, path) }
}

async function shareAndAccept(from: RunningNode, to: RunningNode, path: string): Promise<string> {
  await callApi(from, 'POST', '/shares', { path, shareWith: `${USER}@${to.host}`, role: 'viewer' })
  const { items } = await callApi<{ items: { id: string }[] }>(to, 'GET', '/received-shares?state=pending')
  const id = items[0]?.id
  if (id === undefined) throw new Error(`the share of ${path} did not arrive; see ${to.logFile}`)
  await callApi(to, 'POST', `/received-shares/${id}/accept`, {})
  return id
}

/** One call of a node's API; throws with the node's own words when it says no. */
export async function callApi<T>(
  node: RunningNode,
  method: 'GET' | 'POST',
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
  return JSON.parse(text) as T
}
