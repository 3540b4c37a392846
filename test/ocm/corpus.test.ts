import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  dialectOf,
  findPerson,
  readAcceptedInvite,
  readNotification,
  readShare,
} from '../../src/ocm/dialects/standard.ts'
import { readPeerDocument } from '../../src/ocm/discovery/peer-document.ts'
import { OcmRefusal } from '../../src/ocm/incoming/ocm-answer.ts'

interface Case {
  name: string
  origin: string
  wire: unknown
  expect?: object
  refused?: { status: number; message: string }
  dialect?: string
}

/** A message of the recordings: who sent it where, and what it said. */
interface Recorded {
  from: string
  to: string
  path: string
  body: Record<string, unknown> | string
}

function load<T>(path: string): T {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/ocm', path), 'utf8')) as T
}

function outcomeOf(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof OcmRefusal)) throw error
    const { status, body } = error.answer
    return { status, message: (body as { message: string }).message }
  }
}

const readers = { shares: readShare, notifications: readNotification, 'invite-accepted': readAcceptedInvite }

describe.each(['shares', 'notifications'] as const)('the corpus of %s', (kind) => {
  const cases = load<Case[]>(`corpus/${kind}.json`)

  it('says of each where it is from', () => {
    expect(cases.length).toBeGreaterThan(20)
    expect(cases.filter((one) => !one.origin)).toEqual([])
  })

  it.each(cases)('$name', ({ wire, expect: model, refused }) => {
    const outcome = outcomeOf(() => readers[kind](wire))
    if (refused !== undefined) expect(outcome).toEqual(refused)
    else if (kind === 'notifications') expect(outcome).toEqual(model)
    else expect(outcome).toMatchObject(model ?? {})
    const webdav = (model as { webdav?: object } | undefined)?.webdav
    if (webdav !== undefined) expect((outcome as { webdav: object }).webdav).toEqual(webdav)
  })
})

describe('the corpus of discovery documents', () => {
  it.each(load<Case[]>('corpus/discovery.json'))('$name', ({ wire, expect: info, dialect }) => {
    const read = readPeerDocument('peer.test', 'https://peer.test/.well-known/ocm', wire)?.info
    expect(read).toMatchObject(info ?? {})
    expect(read && dialectOf(read)).toBe(dialect)
  })

  it('holds those of Nextcloud 32, as recorded', () => {
    const { discovery } = load<{ discovery: Record<string, unknown> }>('nextcloud-32-messages.json')
    for (const [host, document] of Object.entries(discovery)) {
      const info = readPeerDocument(host, `https://${host}/ocm-provider/`, document)?.info
      expect(info).toMatchObject({
        apiVersion: '1.0-proposal1',
        endPoint: `https://${host}/ocm`,
        capabilities: ['invites', 'notifications', 'shares'],
        publicKey: { keyId: `https://${host}/ocm#signature` },
      })
      expect(info && dialectOf(info)).toBe('nextcloud')
    }
  })
})

describe('the messages of real servers', () => {
  const messages = ['nextcloud-32-messages.json', 'opencloud-2025-messages.json'].flatMap(
    (file) => load<{ messages: Recorded[] }>(file).messages,
  )
  const bodyOf = ({ body }: Recorded) => (typeof body === 'string' ? JSON.parse(body) : body)

  it('of Nextcloud and OpenCloud all parse', () => {
    const sent = messages.filter(({ from }) => !from.startsWith('node1'))
    expect(sent.length).toBeGreaterThanOrEqual(14)
    for (const message of sent) {
      const kind = message.path.replace('/ocm/', '') as keyof typeof readers
      expect(() => readers[kind](bodyOf(message))).not.toThrow()
    }
  })

  it('name people and secrets as their sender meant it', () => {
    const shares = messages.filter(({ from, path }) => !from.startsWith('node1') && path === '/ocm/shares')
    const read = shares.map((message) => readShare(bodyOf(message)))
    expect(read.map(({ shareWith, sender, webdav }) => [shareWith.host, sender.host, webdav.access])).toEqual(
      [
        ['nc2.test', 'nc1.test', 'basic'],
        ['nc2.test', 'nc1.test', 'basic'],
        ['nc2.test', 'nc1.test', 'basic'],
        // Shared on by marie of nc2, and sent by the owner's server.
        ['nc1.test', 'nc2.test', 'basic'],
        ['nc2.test', 'nc1.test', 'basic'],
        ['node1.test', 'oc1.test', undefined],
        ['node1.test', 'oc1.test', undefined],
      ],
    )
    expect(read.map((share) => share.expiresAtMs)).toEqual(Array(7).fill(undefined))
  })

  it('tell who invited under the id that they take shares for', () => {
    const alan = { userID: 'alan@oc1.test', email: 'a@mail.test', name: 'Alan' }
    expect(findPerson(alan, 'oc1.test')?.userId).toBe('alan')
    expect(findPerson({ ...alan, userID: 'alan@https://oc1.test' }, 'oc1.test')?.userId).toBe('alan')
    expect(findPerson({ ...alan, userID: 'alan@elsewhere.test' }, 'oc1.test')?.userId).toBe(
      'alan@elsewhere.test',
    )
  })
})
