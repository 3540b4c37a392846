import { randomBytes } from 'node:crypto'
import type { GivenShare, TakenShare } from './fake-types.ts'
import type { FakeClient } from './http-client.ts'
import { type FakeAnswer, type FakeRequest, isObject, json } from './http-server.ts'
import type { NextcloudPeer } from './nextcloud-peers.ts'
import { type NextcloudSignatures, SignatureRefusal } from './nextcloud-signatures.ts'

/** Nextcloud 35's token end point: its own status codes, one token per share, the last one counts. */
export async function answerTokenRequest(
  given: readonly GivenShare[],
  request: FakeRequest,
  originOf: (claimedHost: string) => Promise<string | undefined>,
): Promise<FakeAnswer> {
  const form = new URLSearchParams(request.body.toString('utf8'))
  if (form.get('grant_type') !== 'authorization_code') return json(400, { error: 'unsupported_grant_type' })
  const code = form.get('code')
  if (code === null || code === '') return json(400, { error: 'refresh_token is required' })
  let origin: string | undefined
  try {
    origin = await originOf(form.get('client_id') ?? '')
  } catch (error) {
    if (error instanceof SignatureRefusal) return json(401, { error: 'invalid_request' })
    throw error
  }
  const share = given.find((one) => one.secret === code)
  if (share === undefined || (origin !== undefined && origin !== share.shareWith.host))
    return json(401, { error: 'invalid_grant' })
  share.accessToken = `at.${randomBytes(24).toString('base64url')}`
  return json(200, { access_token: share.accessToken, token_type: 'Bearer', expires_in: 3600 })
}

/** As client of the code flow (OCM 1.4 "Code Flow"). Throws when there is no token. */
export async function exchangeSecret(options: {
  client: FakeClient
  signatures: NextcloudSignatures
  peer: NextcloudPeer
  share: TakenShare
  host: string
}): Promise<string> {
  const { client, signatures, peer, share, host } = options
  const url = peer.tokenEndPoint ?? ''
  const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: host, code: share.secret })
  const body = Buffer.from(form.toString())
  const answer = await client.call({
    ...{ method: 'POST', url, body },
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...signatures.sign(peer, url, body),
    },
  })
  const token = isObject(answer.json) ? answer.json.access_token : undefined
  if (answer.status === 200 && typeof token === 'string') return token
  throw new Error(`the secret could not be exchanged: ${answer.status} ${answer.text}`)
}
