import { describe, it } from 'vitest'
import { startFakeOwncloud10 } from '../../fakes/ocm/owncloud10.ts'
import { playWith } from './scenarios.ts'

describe('with ownCloud 10', () => {
  playWith({
    start: () => startFakeOwncloud10({ users: ['bob', 'carl'] }),
    never: [
      'they accept an invitation of ours, and share with their new contact',
      'we accept an invitation of theirs, and share with our new contact',
    ],
  })
  it.todo('RESHARE_CHANGE_PERMISSION changes what may be done with a share')
  it.todo('REQUEST_RESHARE is answered with sharedSecret and providerId')
})
