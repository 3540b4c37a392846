import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ForbiddenError,
  InsufficientStorageError,
  LockedError,
  PreconditionFailedError,
} from '../../src/platform/errors.ts'
import { OutboundError } from '../../src/platform/outbound-error.ts'
import type { Entry } from '../../src/store/types.ts'
import { backoffMs, parseRetryAfter } from '../../src/transfers/backoff.ts'
import { classify } from '../../src/transfers/classify.ts'
import { deriveJobState, type JobFacts } from '../../src/transfers/job-state.ts'
import { decideOverwrite } from '../../src/transfers/overwrite.ts'
import { RateMeter } from '../../src/transfers/rate-meter.ts'
import { freeSlots } from '../../src/transfers/slots.ts'
import { HttpStatusError, sourceChanged } from '../../src/transfers/transfer-error.ts'

function system(code: string): Error {
  return Object.assign(new Error(`it said ${code}`), { code })
}

describe('the judgement of an error', () => {
  const source = { location: 'ERROR_SOURCE', bytesMoved: false } as const
  const destination = { location: 'ERROR_DESTINATION', bytesMoved: false } as const

  it.each([408, 423, 425, 429, 500, 502, 503, 504, 507, 509])('repeats after status %i', (status) => {
    expect(classify(new HttpStatusError('h', 'GET', status), source)).toMatchObject({
      temporary: true,
      code: `HTTP_${status}`,
      type: 'TEMPORARY_REMOTE_ERROR',
    })
  })

  it.each([
    400, 403, 404, 405, 409, 410, 411, 412, 413, 414, 415, 416, 451, 501, 505,
  ])('gives up after status %i', (status) => {
    const error = new HttpStatusError('h', 'GET', status)
    expect(classify(error, source)).toMatchObject({ temporary: false, type: 'PERMANENT_REMOTE_ERROR' })
    expect(classify(error, { ...source, bytesMoved: true })).toMatchObject({ temporary: true })
  })

  it.each([
    ['a refused address', OutboundError.addressRefused('h', '10.0.0.1'), false, 'ADDRESS_REFUSED'],
    ['a bad certificate', new OutboundError('certificate', 'bad'), false, 'CERTIFICATE'],
    ['an unreachable host', new OutboundError('unreachable', 'down'), true, 'UNREACHABLE'],
    ['a silent host', new OutboundError('timeout', 'slow'), true, 'TIMEOUT'],
    ['a broken connection', system('ECONNRESET'), true, 'CONNECTION_LOST'],
    ['a broken body', system('UND_ERR_SOCKET'), true, 'CONNECTION_LOST'],
    ['a changed source', sourceChanged('size'), false, 'SOURCE_CHANGED'],
    ['a full disk', system('ENOSPC'), true, 'NO_SPACE'],
    ['a missing right on the disk', system('EACCES'), false, 'EACCES'],
    ['too many open files', system('EMFILE'), true, 'EMFILE'],
    ['a fault of ours', new TypeError('oops'), true, 'INTERNAL'],
  ])('judges %s', (_name, error, temporary, code) => {
    expect(classify(error, source)).toMatchObject({ temporary, code })
  })

  it.each([
    ['a lock', new LockedError('locked'), true, undefined],
    ['a missing right', new ForbiddenError('no'), false, undefined],
    ['a full quota', new InsufficientStorageError('full'), true, undefined],
    ['somebody faster', new PreconditionFailedError('changed'), true, 3],
  ])('judges %s at the destination', (_name, error, temporary, maxRepeats) => {
    const fault = classify(error, destination)
    expect(fault).toMatchObject({ temporary, location: 'ERROR_DESTINATION' })
    expect(fault.maxRepeats).toBe(maxRepeats)
  })

  it('tries a refused credential and an unknown name only a few times', () => {
    expect(classify(new HttpStatusError('h', 'GET', 401), source)).toMatchObject({
      temporary: true,
      maxRepeats: 2,
    })
    expect(classify(OutboundError.noSuchHost('h'), source)).toMatchObject({ temporary: true, maxRepeats: 3 })
  })
})

describe('the back-off', () => {
  it.each([
    [1, 10_000],
    [2, 40_000],
    [3, 90_000],
    [10, 900_000],
  ])('of attempt %i grows with its square up to a quarter of an hour', (attempts, expected) => {
    expect(backoffMs({ attempts, baseSeconds: 10, random: 0.5 })).toBe(expected)
  })

  it('spreads by a fifth and never undercuts what the server asked for', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (random) => {
        const ms = backoffMs({ attempts: 1, baseSeconds: 10, random })
        expect(ms).toBeGreaterThanOrEqual(8000)
        expect(ms).toBeLessThanOrEqual(12_000)
      }),
    )
    expect(backoffMs({ attempts: 1, baseSeconds: 10, random: 0.5, retryAfterSeconds: 60 })).toBe(60_000)
  })

  it('reads both forms of Retry-After', () => {
    expect(parseRetryAfter('17', 0)).toBe(17)
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 0)).toBe(60)
    expect(parseRetryAfter('soon', 0)).toBeUndefined()
    expect(parseRetryAfter(undefined, 0)).toBeUndefined()
  })
})

describe('the state of a job', () => {
  const facts: JobFacts = {
    expansion: 'done',
    cancelRequested: false,
    isPaused: false,
    startedAtMs: 1,
    filesTotal: 3,
    filesDone: 3,
    filesFailed: 0,
    filesSkipped: 0,
    filesCanceled: 0,
    foldersFailed: 0,
  }
  it.each([
    ['SUBMITTED', { expansion: 'pending', startedAtMs: null }],
    ['ACTIVE', { expansion: 'pending' }],
    ['ACTIVE', { filesDone: 2 }],
    ['PAUSED', { filesDone: 2, isPaused: true }],
    ['FINISHED', { isPaused: true }],
    ['FINISHED', {}],
    ['FINISHED', { filesTotal: 0, filesDone: 0 }],
    ['FINISHED', { filesDone: 1, filesSkipped: 2 }],
    ['FINISHEDDIRTY', { filesDone: 2, filesFailed: 1 }],
    ['FINISHEDDIRTY', { foldersFailed: 1 }],
    ['FAILED', { filesDone: 0, filesFailed: 3 }],
    ['FAILED', { expansion: 'failed', filesTotal: 0, filesDone: 0 }],
    ['CANCELED', { filesDone: 2, filesCanceled: 1, cancelRequested: true }],
    ['FINISHEDDIRTY', { filesDone: 2, filesCanceled: 1 }],
    ['CANCELED', { filesTotal: 1, filesDone: 0, filesCanceled: 1 }],
    ['CANCELED', { expansion: 'canceled', filesTotal: 0, filesDone: 0 }],
    ['ACTIVE', { expansion: 'canceled', filesDone: 1 }],
  ] as const)('is %s for %o', (state, change) => {
    expect(deriveJobState({ ...facts, ...change })).toBe(state)
  })
})

describe('what becomes of a destination that exists', () => {
  const source = { sizeBytes: 3, mtimeMs: 5000, checksums: { sha1: 'aa' } }
  const entry = (change: Partial<Entry>): Entry => ({
    id: 'i',
    name: 'n',
    kind: 'file',
    sizeBytes: 3,
    mtimeMs: 5999,
    createdAtMs: 0,
    etag: 'e',
    mediaType: 't',
    checksums: { sha1: 'aa' },
    rights: { read: true, write: true, share: true },
    ...change,
  })
  it.each([
    ['if-different', undefined, 'write'],
    ['if-different', entry({}), 'skip'],
    ['if-different', entry({ sizeBytes: 4 }), 'write'],
    ['if-different', entry({ checksums: { sha1: 'bb' } }), 'write'],
    ['if-different', entry({ checksums: { md5: 'cc' } }), 'skip'],
    ['if-different', entry({ checksums: {}, mtimeMs: 9000 }), 'write'],
    ['never', undefined, 'write'],
    ['never', entry({}), 'skip'],
    ['never', entry({ sizeBytes: 4 }), 'exists'],
    ['always', entry({}), 'write'],
    ['always', entry({ kind: 'folder' }), 'is-folder'],
  ] as const)('%s, %o: %s', (policy, existing, decision) => {
    expect(decideOverwrite({ policy }, source, existing)).toBe(decision)
  })
})

describe('the slots', () => {
  it('are never overrun, and leave room for small files beside large ones', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (slots, turns) => {
          const running = { small: 0, large: 0 }
          for (const isLarge of turns) {
            const free = freeSlots(slots, running)
            if (isLarge) running.large += free.large
            else running.small += free.small
            expect(running.large + Math.ceil(running.small / 8)).toBeLessThanOrEqual(slots)
            if (slots > 1) expect(running.large).toBeLessThan(slots)
          }
        },
      ),
    )
  })
})

describe('the rate', () => {
  it('is that of the last ten seconds', () => {
    const meter = new RateMeter()
    expect(meter.bytesPerSecond(0)).toBe(0)
    for (let second = 0; second < 20; second++) meter.add(second < 10 ? 1000 : 500, second * 1000)
    expect(meter.bytesPerSecond(19_999)).toBe(500)
    expect(meter.bytesPerSecond(60_000)).toBe(0)
  })

  it('forgets what came in a time that has not come yet, after the clock was set back', () => {
    const meter = new RateMeter()
    for (let second = 0; second < 10; second++) meter.add(1000, 3_600_000 + second * 1000)
    for (let second = 0; second < 10; second++) meter.add(500, second * 1000)
    expect(meter.bytesPerSecond(9_999)).toBe(500)
  })
})
