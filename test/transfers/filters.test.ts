import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Checksums, Entry } from '../../src/store/types.ts'
import { PathFilter } from '../../src/transfers/filters.ts'
import { syncLevels } from '../../src/transfers/job-options.ts'
import { decideOverwrite, isSameBy, type SourceFacts } from '../../src/transfers/overwrite.ts'
import { matchesPath, parsePattern } from '../../src/transfers/path-pattern.ts'

const names = (path: string) => path.split('/')
const fits = (pattern: string, path: string) => matchesPath(parsePattern(pattern), names(path))

describe('a pattern of a filter', () => {
  it.each([
    ['*.csv', 'a.csv', true],
    ['*.csv', 'deep/er/a.csv', true],
    ['*.csv', 'a.csv/b', false],
    ['/a.csv', 'a.csv', true],
    ['/a.csv', 'x/a.csv', false],
    ['x/*.csv', 'x/a.csv', true],
    ['x/*.csv', 'x/y/a.csv', false],
    ['x/**', 'x/y/a.csv', true],
    ['x/**/a.csv', 'x/a.csv', true],
    ['x/**/a.csv', 'x/1/2/a.csv', true],
    ['x/**/a.csv', 'y/1/a.csv', false],
    ['?.txt', 'ab.txt', false],
    ['?.txt', '𝄞.txt', true],
    ['.*', '.hidden', true],
    ['*', '.hidden', true],
    ['a+(b).[c]', 'a+(b).[c]', true],
    ['**', 'any/thing', true],
  ])('%s matches %s: %s', (pattern, path, expected) => {
    expect(fits(pattern, path)).toBe(expected)
  })

  it('says the same as a regular expression, whatever the text', () => {
    const text = fc.stringMatching(/^[ab*?]{1,8}$/).filter((one) => !one.includes('**'))
    const toRegExp = (pattern: string) =>
      new RegExp(`^${[...pattern].map((sign) => ({ '*': '.*', '?': '.' })[sign] ?? sign).join('')}$`)
    fc.assert(
      fc.property(text, fc.stringMatching(/^[ab]{1,8}$/), (pattern, name) => {
        expect(fits(pattern, name)).toBe(toRegExp(pattern).test(name))
      }),
    )
  })

  it('is decided at once, however many stars it has', () => {
    const startMs = performance.now()
    expect(fits(`${'*a'.repeat(120)}*b`, 'a'.repeat(255))).toBe(false)
    expect(fits(`${'**/a/'.repeat(60)}b`, Array(2000).fill('a').join('/'))).toBe(false)
    expect(performance.now() - startMs).toBeLessThan(1000)
  })
})

describe('the filters of a job', () => {
  const only = new PathFilter([
    { action: 'exclude', pattern: 'tmp/' },
    { action: 'include', pattern: '*.csv' },
    { action: 'exclude', pattern: '**' },
  ])

  it('let the first rule that matches decide', () => {
    expect(only.takesFile(['a', 'x.csv'])).toBe(true)
    expect(only.takesFile(['a', 'x.txt'])).toBe(false)
    expect(only.entersFolder(['a'])).toBe(true)
    expect(only.entersFolder(['a', 'tmp'])).toBe(false)
  })

  it('take what no rule is about, and always enter the root', () => {
    expect(new PathFilter().takesFile(['x'])).toBe(true)
    expect(new PathFilter([{ action: 'exclude', pattern: '**/' }]).entersFolder([])).toBe(true)
  })
})

describe('sync levels', () => {
  const checksum = fc.constantFrom('aa', 'bb')
  const sums: fc.Arbitrary<Checksums> = fc.record({ md5: checksum, sha256: checksum }, { requiredKeys: [] })
  const facts = fc.record({
    sizeBytes: fc.constantFrom(1, 2),
    mtimeMs: fc.option(fc.constantFrom(1000, 1900, 2000, 5000)),
    checksums: sums,
  })
  const existing = facts.map((one) => ({ kind: 'file', ...one, mtimeMs: one.mtimeMs ?? 1000 }) as Entry)

  it('are each at least as strict as the one before, but for checksums, which compare content', () => {
    fc.assert(
      fc.property(facts, existing, (source, there) => {
        const [exists, size, mtime, byChecksum] = syncLevels.map((level) => isSameBy(level, source, there))
        expect(exists).toBe(true)
        if (mtime || byChecksum) expect(size).toBe(true)
        if (size) expect(there.sizeBytes).toBe(source.sizeBytes)
      }),
    )
  })

  it('skip what is the same under every policy, and then the policy decides', () => {
    const policies = fc.constantFrom('never', 'always', 'if-different')
    fc.assert(
      fc.property(
        policies,
        fc.constantFrom(...syncLevels),
        facts,
        existing,
        (policy, sync, source, there) => {
          const decision = decideOverwrite({ policy, sync }, source, there)
          if (isSameBy(sync, source, there)) expect(decision).toBe('skip')
          else expect(decision).toBe(policy === 'never' ? 'exists' : 'write')
        },
      ),
    )
  })

  it.each<[SourceFacts, Partial<Entry>, boolean]>([
    [{ sizeBytes: 1, mtimeMs: 2000, checksums: {} }, { sizeBytes: 1, mtimeMs: 2999 }, true],
    [{ sizeBytes: 1, mtimeMs: 2000, checksums: {} }, { sizeBytes: 1, mtimeMs: 9000 }, true],
    [{ sizeBytes: 1, mtimeMs: 3000, checksums: {} }, { sizeBytes: 1, mtimeMs: 2999 }, false],
    [{ sizeBytes: 1, mtimeMs: null, checksums: {} }, { sizeBytes: 1, mtimeMs: 2999 }, false],
  ])('by time take %o for %o: %s', (source, there, expected) => {
    expect(isSameBy('mtime', source, { checksums: {}, ...there } as Entry)).toBe(expected)
  })

  it('by checksum copy again what cannot be compared', () => {
    const source = { sizeBytes: 1, mtimeMs: 5, checksums: { md5: 'aa' } }
    const there = (checksums: Checksums) => ({ sizeBytes: 1, mtimeMs: 5, checksums }) as Entry
    expect(isSameBy('checksum', source, there({ md5: 'aa' }))).toBe(true)
    expect(isSameBy('checksum', source, there({ md5: 'bb' }))).toBe(false)
    expect(isSameBy('checksum', source, there({ sha256: 'aa' }))).toBe(false)
  })
})
