import type { OcsCall, OcsData, OcsDeps } from '../types.ts'
import { TYPE_NUMBERS } from './share-view.ts'
import type { OcsContact, OcsPerson, OcsShareType, OcsSharing } from './types.ts'

/** More than fits a list that people read. */
const MAX_FOUND = 50
const MAX_SEARCH_LENGTH = 500

const NO_ONE = {
  users: [],
  groups: [],
  remotes: [],
  remote_groups: [],
  emails: [],
  circles: [],
  rooms: [],
  lookup: [],
} satisfies Record<string, readonly OcsData[]>

/**
 * `GET sharees`: who is meant by what somebody types. People and groups of this node are found by their
 * whole name only, so that nobody learns who has an account; contacts by any part of name or address;
 * anybody elsewhere by the address, which is not asked for at its server.
 */
export async function findSharees({ sharing }: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId, userName } = await call.authenticate()
  const search = (call.query.get('search') ?? '').trim().slice(0, MAX_SEARCH_LENGTH)
  const address = sharing.findAddress(search)
  const contacts = (await sharing.listContacts(userId)).filter((contact) => isLike(contact, search))
  const isTyped = (contact: OcsContact) =>
    address !== undefined && contact.id === `${address.id}@${address.host}`
  const others = contacts.filter((contact) => !isTyped(contact))
  const user = await findUser(sharing, search, address)
  const group = sharing.features.groups && search !== '' ? await sharing.findGroup(search) : undefined
  return {
    exact: {
      ...NO_ONE,
      users: user === undefined || user.id === userName ? [] : [personView('user', user)],
      groups: group === undefined ? [] : [personView('group', group)],
      remotes: typedRemote(sharing, address, contacts.find(isTyped)),
    },
    ...NO_ONE,
    ...contactLists(sharing, page(others, call.query)),
    lookupEnabled: false,
  }
}

/** `GET sharees_recommended`: nobody is recommended. */
export async function recommendSharees(_: OcsDeps, call: OcsCall): Promise<OcsData> {
  await call.authenticate()
  return { exact: NO_ONE, ...NO_ONE }
}

/** A contact may be somebody of this node, too. */
function contactLists({ ownHost, findAddress }: OcsSharing, contacts: readonly OcsContact[]) {
  const here = contacts.filter(({ host }) => host === ownHost)
  return {
    users: here.map(({ id, displayName }) =>
      personView('user', { id: findAddress(id)?.id ?? id, displayName }),
    ),
    remotes: contacts.filter(({ host }) => host !== ownHost).map(contactView),
  }
}

async function findUser(
  sharing: OcsSharing,
  search: string,
  address: { id: string; host: string } | undefined,
): Promise<OcsPerson | undefined> {
  if (search === '') return undefined
  if (address?.host === sharing.ownHost) return await sharing.findUser(address.id)
  return await sharing.findUser(search)
}

function typedRemote(
  { ownHost }: OcsSharing,
  address: { id: string; host: string } | undefined,
  contact: OcsContact | undefined,
): OcsData[] {
  if (address === undefined || address.host === ownHost) return []
  if (contact !== undefined) return [contactView(contact)]
  const id = `${address.id}@${address.host}`
  return [contactView({ id, displayName: address.id, host: address.host, email: '' })]
}

function isLike({ id, displayName, email }: OcsContact, search: string): boolean {
  const wanted = search.toLowerCase()
  return [id, displayName, email].some((text) => text.toLowerCase().includes(wanted))
}

function page<T>(found: readonly T[], query: URLSearchParams): readonly T[] {
  const size = Math.min(countOf(query, 'perPage') ?? MAX_FOUND, MAX_FOUND)
  const start = ((countOf(query, 'page') ?? 1) - 1) * size
  return found.slice(start, start + size)
}

function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined
}

function personView(type: OcsShareType, { id, displayName }: OcsPerson): OcsData {
  return {
    label: displayName,
    subline: '',
    icon: type === 'group' ? 'icon-group' : 'icon-user',
    value: { shareType: TYPE_NUMBERS[type], shareWith: id },
    shareWithDisplayNameUnique: id,
    status: [],
  }
}

function contactView({ id, displayName, host }: OcsContact): OcsData {
  return {
    label: `${displayName} (${host})`,
    name: displayName,
    type: '',
    uuid: id,
    value: { shareType: TYPE_NUMBERS.remote, shareWith: id, server: host },
  }
}
