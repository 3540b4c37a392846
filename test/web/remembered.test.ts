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
const proofs = [{ endBytes: 33_554_432, digest: 'abc' }]
const begun = { address: '/dav/tus/ann/u-1', expiresAtMs: 10_000, proofs }

describe('uploads that are remembered', () => {
  it('are found by the same file on its way to the same place, by the next page too', () => {
    const shelf = new Shelf()
    new RememberedUploads(shelf, () => 5_000).keep(facts, begun)
    const next = new RememberedUploads(shelf, () => 6_000)
    expect(next.find(facts)).toMatchObject(begun)
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
    // That of somebody else, who sends such a file as well, is not meant.
    uploads.forget(facts, '/dav/tus/ann/u-2')
    expect(uploads.find(facts)).toBeDefined()
    uploads.forget({ ...facts, overwrite: true }, begun.address)
    expect(uploads.find(facts)).toBeUndefined()
    expect(shelf.text).toBe('{}')
  })

  it('are not kept in the browser when the node has forgotten them', () => {
    const shelf = new Shelf()
    let nowMs = 5_000
    const uploads = new RememberedUploads(shelf, () => nowMs)
    uploads.keep(facts, begun)
    uploads.keep({ ...facts, path: '/other' }, { ...begun, address: '/later', expiresAtMs: 20_000 })
    nowMs = 10_000
    uploads.find(facts)
    expect(shelf.text).not.toContain(begun.address)
    expect(shelf.text).toContain('/later')
  })

  it('of somebody go with them, those of others stay', () => {
    const shelf = new Shelf()
    const uploads = new RememberedUploads(shelf, () => 5_000)
    uploads.keep(facts, begun)
    uploads.keep({ ...facts, user: 'annika' }, begun)
    uploads.forgetUser('ann')
    expect(uploads.find(facts)).toBeUndefined()
    expect(uploads.find({ ...facts, user: 'annika' })).toBeDefined()
  })

  it('tell nobody what they are called, and are not endlessly many', () => {
    const shelf = new Shelf()
    const uploads = new RememberedUploads(shelf, () => 5_000)
    for (let n = 0; n < 300; n++) uploads.keep({ ...facts, path: `${facts.path}${n}` }, begun)
    expect(shelf.text).not.toMatch(/marie|letters/)
    expect(Object.keys(JSON.parse(shelf.text ?? '{}'))).toHaveLength(200)
    expect(uploads.find({ ...facts, path: `${facts.path}0` })).toBeUndefined()
    expect(uploads.find({ ...facts, path: `${facts.path}299` })).toMatchObject(begun)
  })

  it.each([
    '',
    'no json',
    '[]',
    'null',
    '{"u1":{"address":7}}',
    '{"u1":null}',
    '{"u1":{"user":"ann","address":"/dav/tus/ann/u-1","expiresAtMs":10000}}',
    '{"u1":{"user":"ann","address":"/dav/tus/ann/u-1","expiresAtMs":10000,"proofs":[7]}}',
  ])('are none where %j is kept', (text) => {
    const shelf = new Shelf()
    shelf.text = text
    const uploads = new RememberedUploads(shelf, () => 5_000)
    expect(uploads.find(facts)).toBeUndefined()
    uploads.keep(facts, begun)
    expect(uploads.find(facts)).toMatchObject(begun)
  })

  it('never lead to another site', () => {
    const uploads = new RememberedUploads(new Shelf(), () => 5_000)
    for (const address of ['//evil.test/u', '/\\evil.test/u', 'https://evil.test/u']) {
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
