import { describe, expect, it } from 'vitest'
import { PerfMarkers, TooManyMarkersError } from '../../src/transfers/executors/perf-markers.ts'

function read(...pieces: string[]): PerfMarkers {
  const markers = new PerfMarkers()
  for (const piece of pieces) markers.push(piece)
  markers.finish()
  return markers
}

const marker = (bytes: number, stripe = 0, eol = '\n', indent = '    ') =>
  [
    'Perf Marker',
    `${indent}Stripe Index: ${stripe}`,
    `${indent}Stripe Bytes Transferred: ${bytes}`,
    'End',
    '',
  ]
    .map((line) => line)
    .join(eol)

describe('performance markers', () => {
  it('tell the bytes of the last marker and how it ended', () => {
    const markers = read(marker(5), marker(10), 'success: Created\n')
    expect(markers).toMatchObject({ bytes: 10, count: 2, trailer: { end: 'success', text: 'Created' } })
  })

  it('are summed over stripes', () => {
    expect(read(marker(5, 0), marker(7, 1), marker(6, 0)).bytes).toBe(13)
  })

  it('may have CRLF, no indent, other cases and pieces cut anywhere', () => {
    const text = `${marker(42, 0, '\r\n', '')}SUCCESS\r\n`.replace('Perf Marker', 'perf marker')
    const markers = read(...text)
    expect(markers).toMatchObject({ bytes: 42, count: 1, trailer: { end: 'success', text: '' } })
  })

  it('understand a last line without an end, and what Reva writes', () => {
    const markers = read('Perf Marker\n Strip Index: 3\n Stripe Bytes Transferred: 9\nEnd\nfailure: no way')
    expect(markers).toMatchObject({ bytes: 9, trailer: { end: 'failure', text: 'no way' } })
  })

  it.each([
    ['failure: Remote side failed with status code 404', 'failure'],
    ['  Failed: x', 'failure'],
    ['aborted: Transfer aborted', 'aborted'],
    ['Aborted', 'aborted'],
    ['ERROR: x', 'failure'],
  ])('take %s as the end', (line, end) => {
    expect(read(marker(1), `${line}\n`).trailer?.end).toBe(end)
  })

  it('keep the first end, and none where none was said', () => {
    expect(read('failure: a\nsuccess: b\n').trailer).toEqual({ end: 'failure', text: 'a' })
    expect(read(marker(1), 'Created\n').trailer).toBeUndefined()
    expect(read('successfully begun\n').trailer).toBeUndefined()
  })

  it('ignore numbers that are none, and do not keep endless lines or answers', () => {
    expect(read('Stripe Bytes Transferred: 1e9\nStripe Bytes Transferred: -4\n').bytes).toBe(0)
    const markers = new PerfMarkers()
    const piece = 'x'.repeat(1024 * 1024)
    expect(() => {
      for (let index = 0; index < 100; index++) markers.push(piece)
    }).toThrow(TooManyMarkersError)
  })
})
