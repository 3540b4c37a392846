import { describe } from 'vitest'
import { startFakeOcmGo } from '../../fakes/ocm/ocm-go.ts'
import { playWith, type ScenarioName } from './scenarios.ts'

/** It knows single files to be read, and nothing else. */
const never: ScenarioName[] = [
  'a file that we share to be written is written there',
  'a folder that we share is listed, read, written and changed there',
  'a folder that we share to be read cannot be written there',
  'a file shared with us is read and written here',
  'a folder shared with us is listed, read, written and changed here',
  'what we were given to read cannot be written here',
]

/** Who has declined a share or left it is told to nobody. */
const silent: ScenarioName[] = ['what is declined there is known here', 'what they leave is known here']

describe('with a strict server of OCM 1.4', () => {
  playWith({
    start: () => startFakeOcmGo({ users: ['bob', 'carl'], mustInvite: false }),
    settings: { requireSignatures: true },
    never: [...never, ...silent],
    tellsEnds: false,
  })
})
