import { describe } from 'vitest'
import { startFakeReva } from '../../fakes/ocm/reva.ts'
import { playWith, type ScenarioName } from './scenarios.ts'

/** It writes notifications into its log, and sends none. */
const never: ScenarioName[] = [
  'what is declined there is known here',
  'what they leave is known here',
  'what we accept is known there',
  'what we decline, and what we leave, is gone there',
]

describe('with Reva', () => {
  const start = () => startFakeReva({ users: ['bob', 'carl'], autoAccept: [/.*/] })
  playWith({ start, never, hearsEnds: false, tellsEnds: false })
})

describe('with a Reva that exchanges tokens', () => {
  const start = () => startFakeReva({ users: ['bob', 'carl'], autoAccept: [/.*/], exchangeTokens: true })
  playWith({ start, never, hearsEnds: false, tellsEnds: false })
})
