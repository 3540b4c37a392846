import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeBetweenMarks } from '../../bench/markdown.ts'
import { type Report, toMarkdown } from '../../bench/report.ts'
import type { Figure, Row } from '../../bench/runner.ts'

const figure = (name: string, median: number, peakMiB: number[] = []): Figure => ({
  name,
  label: name,
  runs: [median],
  median,
  disturbed: 0,
  peakMiB,
})

const row = (name: string, unit: Row['unit'], figures: Figure[]): Row => ({
  case: name,
  title: name,
  unit,
  isList: false,
  figures,
})

const report = (rows: Row[]): Report => ({
  machine: {
    cores: 2,
    processor: 'a processor',
    memory: '1 GiB',
    system: 'a system',
    fileSystem: 'ext4',
    loadGenerator: 'wrk',
    loadBefore: 0,
  },
  versions: { causeway: 'Causeway 1' },
  missing: {},
  skipped: { sync: 'nextcloudcmd is not installed' },
  rounds: 1,
  waitsForQuiet: true,
  rows,
})

describe('the report of the benchmarks', () => {
  it('judges requests per second and seconds each in its own direction', () => {
    const text = toMarkdown(
      report([
        row('get-small', 'req/s', [figure('causeway', 80), figure('koa', 100)]),
        row('get-large', 's', [figure('causeway', 2), figure('nginx', 1)]),
      ]),
    )
    expect(text).toContain('| get-small | at least 0.7 × the speed of koa | 0.80 × | yes |')
    expect(text).toContain('| get-large | at least 1 × the speed of nginx | 0.50 × | **no** |')
  })

  it('judges the largest tree against the smallest, and the highest memory of all cases', () => {
    const text = toMarkdown(
      report([
        row('tree-put', 'ms', [figure('small', 2), figure('middle', 9), figure('large', 2.2)]),
        row('put-large', 's', [figure('causeway', 1, [120, 260]), figure('nginx', 1, [20])]),
      ]),
    )
    expect(text).toMatch(/tree-put: large against small .* 1\.10 × .* yes/)
    expect(text).toMatch(/peak memory of Causeway.* 260 MiB \(put-large\) \| \*\*no\*\*/)
  })

  it('names what was left out, and why', () => {
    expect(toMarkdown(report([]))).toContain('sync: nextcloudcmd is not installed')
  })
})

describe('a document with marks', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-report-'))
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('keeps everything but what stands between them, time and again', async () => {
    const file = join(folder, 'page.md')
    await writeFile(file, 'of `<!-- results -->`\n\n<!-- results -->\nold\n<!-- /results -->\nend\n')
    await writeBetweenMarks(file, 'first\n')
    await writeBetweenMarks(file, 'second\n')
    const text = 'of `<!-- results -->`\n\n<!-- results -->\nsecond\n<!-- /results -->\nend\n'
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('is left alone when it has none', async () => {
    const file = join(folder, 'other.md')
    await writeFile(file, 'precious\n')
    await expect(writeBetweenMarks(file, 'x')).rejects.toThrow('has no lines')
    expect(await readFile(file, 'utf8')).toBe('precious\n')
  })
})
