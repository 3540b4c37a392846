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

  it('judges a remote share against the owner’s way, and its memory by height and by growth', () => {
    const remoteRead = (peakMiB: number[]) =>
      toMarkdown(
        report([row('remote-read', 's', [figure('remote', 1.25, peakMiB), figure('direct', 1, [900])])]),
      )
    const flat = remoteRead([150, 160])
    expect(flat).toContain('| remote-read | at least 0.8 × the speed of direct | 0.80 × | yes |')
    expect(flat).toMatch(/that passes it on: remote-read .* 160 MiB \(lowest 150\) \| yes/)
    expect(remoteRead([100, 160])).toMatch(/ 160 MiB \(lowest 100\) \| \*\*no\*\*/)
    expect(remoteRead([300, 300])).toMatch(/ 300 MiB \(lowest 300\) \| \*\*no\*\*/)
  })

  it('shows no ratio between giving and accepting shares, which are different work', () => {
    const shares = row('share-messages', 'shares/s', [figure('created', 50), figure('accepted', 40)])
    const text = toMarkdown(report([{ ...shares, isList: true }]))
    expect(text).toContain('| share-messages | shares/s | 50.0 | 40.0 |')
    expect(text).not.toContain('as a multiple of')
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
