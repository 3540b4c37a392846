import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judgeFormOrigin } from '../../src/ocm/incoming/form-origin.ts'
import { findAnswer, OcmRefusal } from '../../src/ocm/incoming/ocm-answer.ts'
import { createOriginJudge } from '../../src/ocm/incoming/origin.ts'
import { createVerifier } from '../../src/ocm/signatures/verifier.ts'
import { signRfc9421 } from '../fakes/ocm/rfc9421.ts'
import { HandClock, START_MS } from './support.ts'

const pair = generateKeyPairSync('ed25519')
const url = 'https://leiden.test/ocm/token'

/** A judge who knows the key of krakow.test, and that other.test is not trusted. */
function judge() {
  const clock = new HandClock()
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'Ed25519' }
  const keys = {
    getKey: async (host: string) =>
      host === 'krakow.test' ? jwk : Promise.reject(new OcmRefusal(401, 'NO_KEY')),
    findFreshKey: async () => undefined,
  }
  const pins = { admit: async () => async () => undefined, hasSigned: async () => true }
  const replays = { remember: async () => true, forgetExpired: async () => undefined }
  return createOriginJudge({
    policy: 'always',
    verifier: createVerifier({ keys: keys as never, pins, replays, clock }),
    pins,
    discovery: undefined as never,
    trust: { isTrusted: async (host: string) => host !== 'other.test' } as never,
    limit: { take: () => 0 },
    refusals: { refused: async () => undefined, proven: async () => undefined },
    clock,
  })
}

function message(text: string, change: Record<string, string | undefined> = {}) {
  const body = Buffer.from(text)
  const key = { kid: 'k', alg: 'Ed25519', privateKey: pair.privateKey }
  const signed = signRfc9421(key, { url, body, profile: 'tag', nowMs: START_MS })
  const lower = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value])
  const headers = {
    'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    'content-length': String(body.length),
  }
  return {
    method: 'POST',
    targetUri: url,
    headers: { ...headers, ...Object.fromEntries(lower), ...change },
    body,
  }
}

const answerOf = async (text: string, change: Record<string, string | undefined> = {}) =>
  judgeFormOrigin(judge(), message(text, change)).then(
    () => 'taken',
    (error: unknown) => {
      const answer = findAnswer(error)
      return `${answer?.status} ${(answer?.body as { message: string }).message}`
    },
  )

describe('a request for a token', () => {
  const form = 'grant_type=authorization_code&client_id=krakow.test&code=a%20b'

  it('is proven to be of the server that client_id names, in every spelling of it', async () => {
    const proven = await judgeFormOrigin(judge(), message(form))
    expect(proven.clientHost).toBe('krakow.test')
    expect(proven.form.get('code')).toBe('a b')
    expect(await answerOf('client_id=https%3A%2F%2FKrakow.test%2F&code=x')).toBe('taken')
  })

  it.each<[string, string, string, Record<string, string | undefined>?]>([
    ['that names no client', 'code=x', '400 INVALID_PARAMETERS'],
    ['that names two clients', `${form}&client_id=other.test`, '400 INVALID_PARAMETERS'],
    ['whose client is no host', 'client_id=%2F%2F', '400 INVALID_PARAMETERS'],
    ['of a client that is not trusted', 'client_id=other.test', '403 SENDER_NOT_TRUSTED'],
    ['of another client than the signer', 'client_id=evil.test', '401 NO_KEY'],
    ['that is not a form', form, '400 INVALID_FORM', { 'content-type': 'application/json' }],
    [
      'without a signature',
      form,
      '401 SIGNATURE_REQUIRED',
      { 'signature-input': undefined, signature: undefined },
    ],
    [
      'that was changed on its way',
      form,
      '401 CONTENT_DIGEST_MISMATCH',
      { 'content-digest': 'sha-256=:AAAA:' },
    ],
  ])('is refused %s', async (_what, text, answer, change) => {
    expect(await answerOf(text, change)).toBe(answer)
  })
})
