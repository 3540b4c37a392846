import type { PinnedKey } from '../signatures/peer-key-admin.ts'
import type { SignatureForm } from '../signatures/signature-form.ts'
import { agoText } from './durations.ts'
import type { Finding, PeerFacts } from './peer-facts.ts'

const forms: Record<SignatureForm | 'none', string> = {
  'draft-07': 'RFC 9421 as in OCM draft-07',
  'draft-05': 'RFC 9421 as in OCM draft-05',
  cavage: 'draft-cavage with RSA',
  none: 'none',
}

/** How messages are signed in both directions, and by which keys. */
export function signatureFindings(facts: PeerFacts): Finding[] {
  return [...oursFinding(facts), ...theirsFinding(facts), ...publishedFindings(facts), ...heldFindings(facts)]
}

function oursFinding({ ourForm }: PeerFacts): Finding[] {
  if (ourForm === undefined) return []
  const check = 'our signatures'
  if (ourForm !== 'none') return [{ check, level: 'ok', message: `${forms[ourForm]}.` }]
  return [{ check, level: 'warn', message: 'It verifies none, so anybody can write to it in our name.' }]
}

function theirsFinding({ keys, demands, ourForm, atMs, host }: PeerFacts): Finding[] {
  const check = 'its signatures'
  const known = keys.filter((key) => key.state === 'known')
  if (known.length > 0)
    return known.map((key) => ({ check, level: 'ok' as const, message: keyText(key, atMs) }))
  if (ourForm === undefined) return []
  if (ourForm !== 'none')
    return [{ check, level: 'ok', message: 'It can sign, and has not written to us yet.' }]
  if (demands !== 'always')
    return [{ check, level: 'warn', message: 'It does not sign, so its name can be forged.' }]
  const message = `${host} cannot sign, and this node takes only what is signed: nothing will come from there.`
  return [
    {
      check,
      level: 'fail',
      message,
      remedy: 'ocm.requireSignatures: known takes unsigned messages of such servers.',
    },
  ]
}

function keyText({ keyId, form, firstSeenAtMs, lastSeenAtMs }: PinnedKey, atMs: number): string {
  const name = forms[form as SignatureForm] ?? form
  const age = `known for ${agoText(atMs - firstSeenAtMs)}, used ${agoText(atMs - lastSeenAtMs)} ago`
  return `${name}, by the key ${keyId}, ${age}.`
}

function publishedFindings({ check: asked, keys }: PeerFacts): Finding[] {
  const published = asked?.published
  const check = 'its keys'
  if (published === undefined) return []
  if (typeof published === 'string')
    return [
      { check, level: 'fail', message: `They cannot be read: ${published}.`, remedy: 'Tell its operators.' },
    ]
  if (published.size === 0)
    return [
      {
        check,
        level: 'fail',
        message: 'It says that it signs, and publishes no key.',
        remedy: 'Tell its operators.',
      },
    ]
  const known = keys.filter((key) => key.state === 'known')
  const isGone = known.length > 0 && !known.some((key) => published.has(key.fingerprint))
  const count = `${published.size} published`
  if (!isGone) return [{ check, level: 'ok', message: `${count}.` }]
  const message = `${count}, none of which it has signed with before: its next message will be held.`
  return [{ check, level: 'warn', message, remedy: 'Ask its operators whether they changed their key.' }]
}

function heldFindings({ keys, host }: PeerFacts): Finding[] {
  return keys
    .filter((key) => key.state === 'held')
    .map((key) => ({
      ...{ check: 'changed key', level: 'fail' as const },
      message: `${host} signs with ${key.keyId} (${key.fingerprint}), which replaced all keys known before; its messages are refused.`,
      remedy: `Ask its operators, then: causeway peer accept-key DIR ${host}`,
    }))
}
