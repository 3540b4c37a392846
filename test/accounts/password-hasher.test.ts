import { describe, expect, it } from 'vitest'
import { PasswordHasher } from '../../src/accounts/password-hasher.ts'

describe('hashing passwords', () => {
  it('keeps a flood of guesses in a short line and tells the rest to come again', async () => {
    const hasher = new PasswordHasher()
    const hash = await hasher.hash('the-password')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, () => hasher.verify('a guess', hash)),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused).toHaveLength(100 - 66)
    expect(refused[0]?.reason).toMatchObject({ status: 503, retryAfterSeconds: 5 })
    // The line is empty again: nothing was lost in it.
    expect(await Promise.all([1, 2, 3].map(() => hasher.verify('the-password', hash)))).toEqual([
      true,
      true,
      true,
    ])
  })

  it('costs what is said, and takes what others hashed at another cost', async () => {
    const [dear, cheap] = [new PasswordHasher(), new PasswordHasher({ N: 1024, r: 8, p: 1 })]
    const hash = await cheap.hash('the-password')
    expect(hash).toMatch(/^scrypt\$1024\$8\$1\$/)
    expect(await dear.hash('the-password')).toMatch(/^scrypt\$32768\$8\$1\$/)
    expect(await dear.verify('the-password', hash)).toBe(true)
    expect(await dear.verify('another', hash)).toBe(false)
  })

  it('goes on after one that failed', async () => {
    const hasher = new PasswordHasher()
    const broken = 'scrypt$3$8$1$AAAA$AAAA'
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => hasher.verify('x', broken)))
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'rejected',
    ])
    expect(await hasher.verify('a', await hasher.hash('a'))).toBe(true)
  })
})
