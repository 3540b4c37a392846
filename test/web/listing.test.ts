import { describe, expect, it } from 'vitest'
import type { FileItem } from '../../src/client/operations.ts'
import { type FetchPage, Listing } from '../../src/web/screens/files/listing.ts'

function item(number: number): FileItem {
  return {
    id: `${number}`,
    name: `f${number}`,
    path: `/f${number}`,
    kind: 'file',
    sizeBytes: 1,
    modifiedAt: '2026-01-01T00:00:00Z',
    etag: 'x',
    permissions: { read: true, write: true, delete: true, move: true, share: true },
  }
}

/** A folder of so many files, as the node gives it page by page. */
function folderOf(count: number) {
  const asked: (string | undefined)[] = []
  const state = { count, failures: 0 }
  const fetchPage: FetchPage = async ({ cursor, limit }) => {
    asked.push(cursor)
    if (state.failures-- > 0) throw new Error('away')
    const start = Number(cursor ?? 0)
    const end = Math.min(state.count, start + limit)
    return {
      items: Array.from({ length: end - start }, (_, index) => item(start + index)),
      folder: item(-1),
      ...(cursor === undefined && { total: state.count }),
      ...(end < state.count && { nextCursor: `${end}` }),
    }
  }
  return { asked, state, listing: new Listing(fetchPage) }
}

describe('the list of a folder', () => {
  it('is as long as the folder before it is loaded, and loads as far as somebody looks', async () => {
    const { listing, asked } = folderOf(5_000)
    await listing.loadTo(0)
    expect(listing.view.value).toMatchObject({ loaded: 200, hasMore: true })
    expect(listing.view.value.rows).toHaveLength(5_000)
    expect(listing.view.value.rows[4_999]).toBeUndefined()
    await listing.loadTo(1_500)
    expect(listing.view.value.rows[1_500]?.name).toBe('f1500')
    expect(asked).toHaveLength(3)
  })

  it('shares the work between callers', async () => {
    const { listing, asked } = folderOf(3_000)
    await Promise.all([listing.loadTo(2_900), listing.loadTo(100), listing.loadAll()])
    expect(asked).toEqual([undefined, '200', '1200', '2200'])
    expect(listing.items).toHaveLength(3_000)
  })

  it('says what went wrong, keeps what it has, and goes on after a refresh', async () => {
    const { listing, state } = folderOf(1_500)
    await listing.loadTo(0)
    state.failures = 1
    await listing.loadTo(1_000)
    expect(listing.view.value.error).toBeInstanceOf(Error)
    expect(listing.view.value.loaded).toBe(200)
    await listing.refresh()
    await listing.loadAll()
    expect(listing.view.value).toMatchObject({ loaded: 1_500, error: undefined, hasMore: false })
  })

  it('shows after a refresh what came and went, as far as it was loaded', async () => {
    const { listing, state } = folderOf(1_000)
    await listing.loadAll()
    state.count = 900
    await listing.refresh()
    expect(listing.view.value.rows).toHaveLength(900)
    expect(listing.view.value.loaded).toBe(900)
  })

  it('takes rows away before the node has', async () => {
    const { listing } = folderOf(300)
    await listing.loadTo(0)
    listing.remove(new Set(['/f0', '/f7']))
    expect(listing.view.value.rows).toHaveLength(298)
    expect(listing.view.value.loaded).toBe(198)
    expect(listing.items[0]?.name).toBe('f1')
  })

  it('asks nothing more once it is closed', async () => {
    const { listing, asked } = folderOf(3_000)
    await listing.loadTo(0)
    listing.close()
    await listing.loadAll()
    expect(asked).toHaveLength(1)
  })
})
