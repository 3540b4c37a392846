import { describe, it } from 'vitest'
import { type FakeOpencloudOptions, startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'
import type { TestNode } from '../../support/test-mesh.ts'
import { playWith, type ScenarioName } from './scenarios.ts'

/** It accepts everything at once, and takes no notice of what the other side did with a share. */
const never: ScenarioName[] = [
  'what is declined there is known here',
  'what we accept is known there',
  'what we decline, and what we leave, is gone there',
]

const start = (options: Partial<FakeOpencloudOptions>) => async (node: TestNode) => {
  const cloud = await startFakeOpencloud({ users: ['bob', 'carl'], ...options })
  cloud.trust(node.host)
  return cloud
}

describe('with OpenCloud as it was recorded', () => {
  playWith({ start: start({ wire: 'url' }), never, hearsEnds: false, tellsEnds: false })
})

describe('with a newer OpenCloud', () => {
  playWith({ start: start({ wire: 'uri' }), never, hearsEnds: false, tellsEnds: false })
})

describe('with oCIS', () => {
  playWith({
    start: start({ ocis: true }),
    never,
  })
  it.todo('SHARE_UNSHARED carries the grantee, and is taken with one and without secret')
  it.todo('SHARE_CHANGE_PERMISSION changes what may be done with a share, both ways')
})
