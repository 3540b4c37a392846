import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isProven, NOTHING_SENT, type Proof, proofUpTo } from '../../src/web/upload/sent-proof.ts'

const MiB = 1024 * 1024
const bytes = randomBytes(40 * MiB)
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
      (await proofUpTo(file, 16 * MiB, signal)) as Proof,
      (await proofUpTo(file, 32 * MiB, signal)) as Proof,
    ]
    for (const offset of [0, 1, 16 * MiB, 20 * MiB, 32 * MiB])
      expect(await isProven(file, offset, proofs, signal)).toBe(true)
    const early = changedAt(3)
    expect(await isProven(early, 0, proofs, signal)).toBe(true)
    for (const offset of [1, 16 * MiB, 20 * MiB, 32 * MiB])
      expect(await isProven(early, offset, proofs, signal)).toBe(false)
    const late = changedAt(20 * MiB)
    expect(await isProven(late, 16 * MiB, proofs, signal)).toBe(true)
    expect(await isProven(late, 17 * MiB, proofs, signal)).toBe(false)
    // Further than anything is known of.
    expect(await isProven(file, 33 * MiB, proofs, signal)).toBe(false)
  })

  it('is none where there are no digests', async () => {
    vi.stubGlobal('crypto', {})
    expect(await isProven(file, MiB, [{ endBytes: 16 * MiB, digest: '' }, NOTHING_SENT], signal)).toBe(false)
  })
})
