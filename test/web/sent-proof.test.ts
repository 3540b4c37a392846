import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isProven, NOTHING_SENT, type Proof, proofUpTo } from '../../src/web/upload/sent-proof.ts'

const MiB = 1024 * 1024
const bytes = randomBytes(70 * MiB)
const file = new Blob([bytes])
const { signal } = new AbortController()

const changedAt = (at: number) => {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 1
  return new Blob([changed])
}

afterEach(() => vi.unstubAllGlobals())

describe('the proof of what was sent', () => {
  it('tells a file whose bytes changed before the offset, and in the piece where it is', async () => {
    const proofs = [
      (await proofUpTo(file, 32 * MiB, signal)) as Proof,
      (await proofUpTo(file, 64 * MiB, signal)) as Proof,
    ]
    for (const offset of [0, 1, 32 * MiB, 40 * MiB, 64 * MiB])
      expect(await isProven(file, offset, proofs, signal)).toBe(true)
    const early = changedAt(3)
    expect(await isProven(early, 0, proofs, signal)).toBe(true)
    for (const offset of [1, 32 * MiB, 40 * MiB, 64 * MiB])
      expect(await isProven(early, offset, proofs, signal)).toBe(false)
    const late = changedAt(40 * MiB)
    expect(await isProven(late, 32 * MiB, proofs, signal)).toBe(true)
    expect(await isProven(late, 33 * MiB, proofs, signal)).toBe(false)
    // Further than anything is known of.
    expect(await isProven(file, 65 * MiB, proofs, signal)).toBe(false)
  })

  it('is none where there are no digests', async () => {
    vi.stubGlobal('crypto', {})
    expect(await isProven(file, MiB, [{ endBytes: 32 * MiB, digest: '' }, NOTHING_SENT], signal)).toBe(false)
  })
})
