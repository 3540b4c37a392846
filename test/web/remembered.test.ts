import { describe, expect, it } from 'vitest'
import { RememberedUploads, type UploadFacts } from '../../src/web/upload/remembered.ts'

class Shelf {
  text: string | null = null
  getItem = () => this.text
  setItem = (_: string, text: string) => {
    this.text = text
  }
}

const facts: UploadFacts = {
  ...{ user: 'ann', path: '/letters/to-marie.mov', sizeBytes: 40_000_000, modifiedMs: 1_000 },
  overwrite: false,
}
const begun = { address: '/dav/tus/ann/u-1', expiresAtMs: 10_000 }

describe('uploads that are remembered', () => {
  it('are found by the same file on its way to the same place, by the next page too', () => {
    const shelf = new Shelf()
    new RememberedUploads(shelf, () => 5_000).keep(facts, begun)
    const next = new RememberedUploads(shelf, () => 6_000)
    expect(next.find(facts)).toBe(begun.address)
    const others: Partial<UploadFacts>[] = [
      ...[{ user: 'bob' }, { path: '/to-marie.mov' }, { sizeBytes: 40_000_001 }, { modifiedMs: 2_000 }],
      // What was to replace something goes on only for who says so again.
      { overwrite: true },
    ]
    for (const other of others) expect(next.find({ ...facts, ...other })).toBeUndefined()
  })

  it('are forgotten with the node, and when they are done', () => {
    const shelf = new Shelf()
    let nowMs = 5_000
    const uploads = new RememberedUploads(shelf, () => nowMs)
    uploads.keep(facts, begun)
    nowMs = 10_000
    expect(uploads.find(facts)).toBeUndefined()
    uploads.keep(facts, { ...begun, expiresAtMs: 20_000 })
    uploads.forget({ ...facts, overwrite: true })
    expect(uploads.find(facts)).toBeUndefined()
    expect(shelf.text).toBe('{}')
  })

  it('tell nobody what they are called, and are not endlessly many', () => {
    const shelf = new Shelf()
    const uploads = new RememberedUploads(shelf, () => 5_000)
    for (let n = 0; n < 300; n++) uploads.keep({ ...facts, path: `${facts.path}${n}` }, begun)
    expect(shelf.text).not.toMatch(/marie|letters/)
    expect(Object.keys(JSON.parse(shelf.text ?? '{}'))).toHaveLength(200)
    expect(uploads.find({ ...facts, path: `${facts.path}0` })).toBeUndefined()
    expect(uploads.find({ ...facts, path: `${facts.path}299` })).toBe(begun.address)
  })

  it.each([
    '',
    'no json',
    '[]',
    'null',
    '{"u1":{"address":7}}',
    '{"u1":null}',
  ])('are none where %j is kept', (text) => {
    const shelf = new Shelf()
    shelf.text = text
    const uploads = new RememberedUploads(shelf, () => 5_000)
    expect(uploads.find(facts)).toBeUndefined()
    uploads.keep(facts, begun)
    expect(uploads.find(facts)).toBe(begun.address)
  })

  it('never lead to another site', () => {
    const uploads = new RememberedUploads(new Shelf(), () => 5_000)
    for (const address of ['//evil.test/u', 'https://evil.test/u']) {
      uploads.keep(facts, { ...begun, address })
      expect(uploads.find(facts)).toBeUndefined()
    }
  })

  it('are none where the browser keeps nothing', () => {
    const refuse = () => {
      throw new Error('no room')
    }
    const uploads = new RememberedUploads({ getItem: refuse, setItem: refuse }, () => 5_000)
    uploads.keep(facts, begun)
    expect(uploads.find(facts)).toBeUndefined()
  })
})
