import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isUniqueViolation } from '../../src/platform/db.ts'
import { deleteContact, findContact, listContacts, saveContact } from '../../src/shares/contacts-repo.ts'
import {
  findInvitationByTokenHash,
  insertInvitation,
  listInvitations,
  markInvitationAccepted,
  markInvitationRevoked,
} from '../../src/shares/invitations-repo.ts'
import { listMessagesOf, renewMessage, replaceBody } from '../../src/shares/kept-messages-repo.ts'
import {
  appendMessage,
  claimMessage,
  deleteMessage,
  findNextMessageTimeMs,
  listDueMessages,
} from '../../src/shares/messages-repo.ts'
import {
  changeOutgoingState,
  findOutgoing,
  insertOutgoing,
  listOutgoing,
  listOutgoingWith,
} from '../../src/shares/outgoing-repo.ts'
import {
  changeReceivedState,
  findReceived,
  findReceivedFrom,
  insertReceived,
  listOverdueReceived,
  listReceived,
  renameMount,
  saveRootFacts,
} from '../../src/shares/received-repo.ts'
import { listPassedOn } from '../../src/shares/reshares-repo.ts'
import type {
  Contact,
  Invitation,
  OutgoingMessage,
  OutgoingShare,
  ReceivedShare,
} from '../../src/shares/types.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { insertUser } from './support.ts'

const contact: Contact = {
  id: 'c1',
  userId: 'id-ann',
  remoteUserId: 'jan',
  host: 'krakow.test',
  displayName: 'Jan',
  email: 'jan@krakow.test',
  createdAtMs: 1_795_000_000_000,
}

const invitation: Invitation = {
  id: 'i1',
  userId: 'id-ann',
  tokenHash: 'hash',
  tokenSealed: 'sealed',
  description: 'for Jan',
  email: '',
  state: 'open',
  createdAtMs: 1_000,
  expiresAtMs: 2_000,
  acceptedContactId: undefined,
}

const outgoing: OutgoingShare = {
  id: 's1',
  ownerUserId: 'id-ann',
  fileId: 'f1',
  name: 'data',
  kind: 'folder',
  role: 'viewer',
  recipient: { type: 'remote', id: 'jan', host: 'krakow.test', userId: undefined, displayName: 'Jan' },
  secretHash: 'abc',
  secretSealed: 'v1.s',
  mayReshare: true,
  via: { receivedId: 'r1', path: ['a', 'b'] },
  parentId: 's0',
  state: 'pending',
  note: 'look',
  createdAtMs: 1_795_000_000_000,
  expiresAtMs: undefined,
}

const received: ReceivedShare = {
  id: 'r1',
  userId: 'id-ann',
  source: 'remote',
  peerHost: 'krakow.test',
  providerId: '42',
  owner: { id: 'jan', host: 'krakow.test', displayName: 'Jan' },
  sender: { id: 'eva', host: 'krakow.test', displayName: 'Eva' },
  name: 'data',
  kind: 'folder',
  role: 'editor',
  note: '',
  webdavUri: 'https://krakow.test/dav/ocm/42',
  secretSealed: 'v1.x',
  state: 'pending',
  mountName: undefined,
  rootFacts: undefined,
  mayReshare: true,
  goneAtMs: 7,
  createdAtMs: 1_795_000_000_000,
  expiresAtMs: 1_796_000_000_000,
}

const message: Omit<OutgoingMessage, 'position'> = {
  id: 'm1',
  userId: 'id-ann',
  side: 'given',
  subjectId: 's1',
  peerHost: 'krakow.test',
  type: 'SHARE',
  body: '{}',
  secretSealed: undefined,
  state: 'waiting',
  tries: 0,
  nextTryAtMs: 1_000,
  claimedUntilMs: undefined,
  mayHaveArrived: false,
  lastError: undefined,
  createdAtMs: 1_000,
  expiresAtMs: 9_000,
}

describe.each(engines)('the tables of shares on %s', (engine) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase(engine)
    await insertUser(database.db, 'ann')
    await insertUser(database.db, 'bob')
  })
  afterEach(() => database.close())

  it('find what people here passed on of the shares of a user, while it lives', async () => {
    const { db } = database
    const given = { ...outgoing, parentId: undefined, via: undefined, secretHash: undefined }
    await insertOutgoing(db, { ...given, id: 's0' })
    await insertReceived(db, { ...received, source: 'local', peerHost: '', providerId: 's0' })
    await insertReceived(db, { ...received, id: 'r2', providerId: 's0' })
    const passed = { ...given, ownerUserId: 'id-bob', via: { receivedId: 'r1', path: ['a'] } }
    for (const id of ['p1', 'p2']) await insertOutgoing(db, { ...passed, id })
    await insertOutgoing(db, { ...passed, id: 'p3', state: 'revoked' })
    await insertOutgoing(db, { ...passed, id: 'p4', via: { receivedId: 'r2', path: ['a'] } })
    const ids = ['s0', ...Array.from({ length: 1_200 }, (_, n) => `other${n}`)]
    const found = await listPassedOn(db, ids)
    expect(found.map(({ share, upstreamId }) => [share.id, share.ownerUserId, upstreamId])).toEqual([
      ['p1', 'id-bob', 's0'],
      ['p2', 'id-bob', 's0'],
    ])
    expect(await listPassedOn(db, [])).toEqual([])
  })

  it('keep one contact per person and take over the newer name', async () => {
    const { db } = database
    expect(await saveContact(db, contact)).toEqual(contact)
    const again = await saveContact(db, { ...contact, id: 'c2', displayName: 'Dr Jan' })
    expect(again).toEqual({ ...contact, displayName: 'Dr Jan' })
    expect(await listContacts(db, 'id-ann')).toEqual([again])
    expect(await findContact(db, { ...contact, userId: 'id-bob' })).toBeUndefined()
    expect(await deleteContact(db, 'id-bob', 'c1')).toBe(false)
    expect(await deleteContact(db, 'id-ann', 'c1')).toBe(true)
    expect(await listContacts(db, 'id-ann')).toEqual([])
  })

  it('let an invitation be used once, in time, and only while it is open', async () => {
    const { db } = database
    await insertInvitation(db, invitation)
    expect(await findInvitationByTokenHash(db, 'hash')).toEqual(invitation)
    expect(await markInvitationAccepted(db, 'i1', { contactId: 'c1', nowMs: 2_000 })).toBe(false)
    const uses = [1, 2, 3].map(() => markInvitationAccepted(db, 'i1', { contactId: 'c1', nowMs: 1_999 }))
    expect((await Promise.all(uses)).filter(Boolean)).toEqual([true])
    expect(await markInvitationRevoked(db, 'id-ann', 'i1')).toBe(false)
    await insertInvitation(db, { ...invitation, id: 'i2', tokenHash: 'hash2', createdAtMs: 1_500 })
    expect(await markInvitationRevoked(db, 'id-bob', 'i2')).toBe(false)
    expect(await markInvitationRevoked(db, 'id-ann', 'i2')).toBe(true)
    expect(await markInvitationAccepted(db, 'i2', { contactId: 'c1', nowMs: 1_999 })).toBe(false)
    const listed = await listInvitations(db, 'id-ann')
    expect(listed.map(({ id, state, acceptedContactId }) => [id, state, acceptedContactId])).toEqual([
      ['i2', 'revoked', undefined],
      ['i1', 'accepted', 'c1'],
    ])
  })

  it('give shares back as they were stored and change a state only from the one that was seen', async () => {
    const { db } = database
    await insertOutgoing(db, outgoing)
    expect(await findOutgoing(db, 's1')).toEqual(outgoing)
    expect(await listOutgoing(db, 'id-ann', { fileId: 'f1' })).toEqual([outgoing])
    expect(await listOutgoing(db, 'id-ann', { fileId: 'f2' })).toEqual([])
    expect(await listOutgoing(db, 'id-bob')).toEqual([])
    expect(await listOutgoingWith(db, 'f1', outgoing.recipient)).toEqual([outgoing])
    expect(await changeOutgoingState(db, 's1', { from: 'accepted', to: 'declined' })).toBe(false)
    expect(await changeOutgoingState(db, 's1', { from: 'pending', to: 'accepted' })).toBe(true)
    expect((await findOutgoing(db, 's1'))?.state).toBe('accepted')
  })

  it('take a share of one server for one user once', async () => {
    const { db } = database
    await insertReceived(db, received)
    expect(await findReceivedFrom(db, 'krakow.test', '42')).toEqual(received)
    const twice = insertReceived(db, { ...received, id: 'r2' })
    await expect(twice).rejects.toSatisfy(isUniqueViolation)
    await insertReceived(db, { ...received, id: 'r3', peerHost: 'other.test' })
    expect((await listReceived(db, 'id-ann', 'pending')).length).toBe(2)
    expect(await findReceived(db, 'id-bob', 'r1')).toBeUndefined()
  })

  it('list what is over, of other servers later than of this one', async () => {
    const { db } = database
    for (const [id, source, expiresAtMs, state] of [
      ['r1', 'local', 2_000, 'accepted'],
      ['r2', 'local', 2_001, 'accepted'],
      ['r3', 'remote', 1_000, 'pending'],
      ['r4', 'remote', 1_001, 'accepted'],
      ['r5', 'remote', undefined, 'accepted'],
      ['r6', 'remote', 1_000, 'declined'],
    ] as const) {
      await insertReceived(db, { ...received, id, providerId: id, source, expiresAtMs, state })
    }
    const over = await listOverdueReceived(db, { localMs: 2_000, remoteMs: 1_000 }, 10)
    expect(over.map(({ id }) => id)).toEqual(['r3', 'r1'])
  })

  it('never let two shares of a user have one name in the drive', async () => {
    const { db } = database
    const accept = { from: 'pending', to: 'accepted', mountName: 'data' } as const
    for (const [id, userId] of [
      ['r1', 'id-ann'],
      ['r2', 'id-ann'],
      ['r3', 'id-bob'],
    ] as const) {
      await insertReceived(db, { ...received, id, userId, providerId: id })
    }
    expect(await changeReceivedState(db, 'r1', accept)).toBe(true)
    await expect(changeReceivedState(db, 'r2', accept)).rejects.toSatisfy(isUniqueViolation)
    expect(await changeReceivedState(db, 'r3', accept)).toBe(true)
    await changeReceivedState(db, 'r2', { ...accept, mountName: 'data (2)' })
    await expect(renameMount(db, 'r2', 'data')).rejects.toSatisfy(isUniqueViolation)
    await changeReceivedState(db, 'r1', { from: 'accepted', to: 'declined' })
    await renameMount(db, 'r2', 'data')
    expect((await listReceived(db, 'id-ann', 'accepted')).map((share) => share.mountName)).toEqual(['data'])
  })

  it('remember what the root of a share looked like', async () => {
    const { db } = database
    await insertReceived(db, received)
    const facts = {
      kind: 'file',
      sizeBytes: 7,
      mtimeMs: 8,
      etag: 'e',
      mediaType: 'text/plain',
      checksums: {},
    } as const
    await saveRootFacts(db, 'r1', facts)
    expect((await findReceived(db, 'id-ann', 'r1'))?.rootFacts).toEqual(facts)
  })

  it('hand a message to one worker at a time, and the next about the same share after it', async () => {
    const { db } = database
    const first = await appendMessage(db, message)
    await appendMessage(db, { ...message, id: 'm2', type: 'SHARE_UNSHARED' })
    await appendMessage(db, { ...message, id: 'm3', subjectId: 's2', nextTryAtMs: 5_000 })
    expect(first).toEqual({ ...message, position: 1 })
    expect(await listDueMessages(db, 999, { limit: 10 })).toEqual([])
    expect(await listDueMessages(db, 1_000, { limit: 10 })).toEqual([first])
    const claims = await Promise.all([claimMessage(db, first, 7_000), claimMessage(db, first, 7_000)])
    expect(claims.filter(Boolean)).toEqual([true])
    expect(await listDueMessages(db, 1_000, { limit: 10 })).toEqual([])
    expect(await findNextMessageTimeMs(db, 1_000)).toBe(5_000)
    expect(await replaceBody(db, 'm1', '{"a":1}', 1_000)).toBe(false)
    expect(await renewMessage(db, 'm1', { nowMs: 1_000, expiresAtMs: 20_000 })).toBe(false)
    await deleteMessage(db, 'm1')
    expect((await listDueMessages(db, 1_000, { limit: 10 })).map(({ id }) => id)).toEqual(['m2'])
    expect((await listMessagesOf(db, message)).map(({ position }) => position)).toEqual([2])
    expect(await replaceBody(db, 'm2', '{"a":1}', 1_000)).toBe(true)
  })
})
