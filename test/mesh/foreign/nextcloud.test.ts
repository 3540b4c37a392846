import { describe, it } from 'vitest'
import { startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { playWith } from './scenarios.ts'

const users = ['bob', 'carl']
const noInvites = [
  'they accept an invitation of ours, and share with their new contact',
  'we accept an invitation of theirs, and share with our new contact',
] as const

describe('with Nextcloud 25', () => {
  playWith({ start: () => startFakeNextcloud({ users, version: 25 }), never: noInvites })
})

describe('with Nextcloud 32', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 32 }),
    // It has no page for invitations of others.
    never: ['they accept an invitation of ours, and share with their new contact'],
  })
})

describe('with Nextcloud 32, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 32, enforceSignatures: true }),
    settings: { requireSignatures: true },
    never: noInvites,
  })
})

describe('with Nextcloud 33', () => {
  playWith({ start: () => startFakeNextcloud({ users, version: 33 }) })
})

describe('with Nextcloud 34, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 34, enforceSignatures: true }),
    settings: { requireSignatures: true },
  })
})

describe('with Nextcloud 35, every message signed', () => {
  playWith({
    start: () => startFakeNextcloud({ users, version: 35, enforceSignatures: true }),
    settings: { requireSignatures: true },
  })
})

describe('Nextcloud and resharing', () => {
  it.todo(
    'REQUEST_RESHARE of a Nextcloud user is granted with token and providerId, and refused without the right',
  )
  it.todo('we ask a Nextcloud to pass its share on')
  it.todo('RESHARE_UNDO ends what was passed on')
  it.todo('a share with a group of a Nextcloud reaches all its people')
  it.todo('shares of before OCM come and go by /ocs/v2.php/cloud/shares, found by /ocs-provider/')
  it.todo('a 400 about our signature is told as a refused signature, not as an unknown person')
})
