import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatRate,
  formatSeconds,
  formatTable,
  formatTime,
  printable,
} from '../../src/cli/format.ts'
import { Output } from '../../src/cli/output.ts'
import { formatProgress, ProgressLine } from '../../src/cli/progress.ts'

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10_239, '10.0 KiB'],
    [102_400, '100 KiB'],
    [1_048_575, '1.00 MiB'],
    [268_435_456, '256 MiB'],
    [1.5 * 2 ** 30, '1.50 GiB'],
    [2 ** 60, '1024 PiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([
    [0, '0 s'],
    [0.2, '1 s'],
    [59, '59 s'],
    [60, '1 min 00 s'],
    [125, '2 min 05 s'],
    [3600, '1 h 00 min'],
    [11_220, '3 h 07 min'],
    [187_200, '2 d 04 h'],
    [-3, '0 s'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text)
  })

  it('shows a rate by the second, and nothing for what is no date', () => {
    expect(formatRate(45 * 2 ** 20)).toBe('45.0 MiB/s')
    expect(formatTime('nonsense')).toBe('')
    expect(formatTime(Date.UTC(2026, 10, 21, 12))).toMatch(/^2026-11-2\d \d\d:00$/)
  })
})

describe('tables', () => {
  it('align columns and leave no blanks at line ends', () => {
    const text = formatTable(
      [
        ['ID', 'BYTES', 'NAME'],
        ['1', '5 B', 'ą'],
        ['22', '100 B', ''],
      ],
      [1],
    )
    expect(text).toBe('ID  BYTES  NAME\n1     5 B  ą\n22  100 B\n')
  })

  it('cannot steer the terminal by a name', () => {
    expect(printable('a\u001b[2Jb\r\nc\u202ed')).toBe('a?[2Jb??c?d')
  })
})

describe('the live line', () => {
  const state = {
    bytesDone: 50,
    bytesTotal: 200,
    filesDone: 1,
    filesTotal: 4,
    bytesPerSecond: 10,
    secondsLeft: 15,
  }

  it('shows bytes, files, rate and time left', () => {
    expect(formatProgress(state)).toBe(
      '[#####...............] 25%  50 B of 200 B  1/4 files  10 B/s  15 s left',
    )
    expect(formatProgress({ bytesDone: 7, filesDone: 0 })).toBe('7 B  0 files')
  })

  it('is drawn on a terminal only, and taken away again', () => {
    const drawn: string[] = []
    const silent = new ProgressLine({ write: (text) => drawn.push(String(text)) })
    silent.show(state)
    silent.clear()
    expect(drawn).toEqual([])
    const line = new ProgressLine({ write: (text) => drawn.push(String(text)), isTTY: true, columns: 30 })
    line.show(state)
    line.clear()
    expect(drawn).toEqual(['\r[#####...............] 25%  5\u001b[K', '\r\u001b[K'])
  })
})

describe('output', () => {
  const capture = (json: boolean, color = false) => {
    const out: string[] = []
    const err: string[] = []
    const output = new Output({
      stdout: { write: (text) => out.push(String(text)) },
      stderr: { write: (text) => err.push(String(text)) },
      json,
      color,
    })
    return { output, out, err }
  }
  const spec = { headings: ['N'], row: (item: { n: number }) => [String(item.n)], empty: 'nothing' }

  it('is one JSON object a line with --json, and errors are objects too', () => {
    const { output, out, err } = capture(true)
    output.list([{ n: 1 }, { n: 2 }], spec)
    output.note('unheard')
    output.fail({ code: 'X', message: 'm', status: 404 })
    expect(out.join('')).toBe('{"n":1}\n{"n":2}\n')
    expect(err.join('')).toBe('{"error":{"code":"X","message":"m","status":404}}\n')
  })

  it('says what is missing on stderr when a list is empty', () => {
    const { output, out, err } = capture(false)
    output.list([], spec)
    expect([out.join(''), err.join('')]).toEqual(['', 'nothing\n'])
  })

  it('has colour only when told so', () => {
    expect(capture(false).output.style('red', 'x')).toBe('x')
    expect(capture(false, true).output.style('red', 'x')).toBe('\u001b[31mx\u001b[0m')
  })
})
