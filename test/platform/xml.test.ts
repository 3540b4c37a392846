import { describe, expect, it } from 'vitest'
import {
  childElements,
  escapeAttribute,
  escapeText,
  findChild,
  parseXml,
  textOf,
} from '../../src/platform/xml.ts'
import { serializeInside, serializeXml } from '../../src/platform/xml-serialize.ts'

const limits = { maxBytes: 1_000, maxDepth: 4, maxElements: 6 }

describe('reading XML', () => {
  it('resolves namespaces and keeps text between elements', () => {
    const root = parseXml('<a xmlns="DAV:"><x:b xmlns:x="urn:x">1</x:b>M<c/><![CDATA[<2>]]></a>')
    expect(root).toMatchObject({ namespace: 'DAV:', name: 'a' })
    expect(childElements(root).map((child) => [child.namespace, child.name])).toEqual([
      ['urn:x', 'b'],
      ['DAV:', 'c'],
    ])
    expect(textOf(root)).toBe('1M<2>')
    expect(findChild(root, 'urn:x', 'b')?.nodes).toEqual(['1'])
    expect(findChild(root, 'DAV:', 'b')).toBeUndefined()
  })

  it.each([
    ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY x "y">]><a/>'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>'],
    ['an undeclared prefix', '<x:a/>'],
    ['an emptied prefix', '<a xmlns:bar=""/>'],
    ['an undefined entity', '<a>&x;</a>'],
    ['a missing end', '<a><b></a>'],
    ['nothing', ''],
    ['two roots', '<a/><b/>'],
    ['a control character', '<a>\u0001</a>'],
    ['a doubled attribute', '<a b="1" b="2"/>'],
    ['too deep a nesting', '<a><a><a><a><a/></a></a></a></a>'],
    ['bytes that are not UTF-8', Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e)],
    ['an unknown encoding', Buffer.from('<?xml version="1.0" encoding="x-none"?><a/>')],
  ])('refuses %s', (_, text) => {
    expect(() => parseXml(text, limits)).toThrow(
      expect.objectContaining({ status: 400, code: 'INVALID_XML' }),
    )
  })

  it('refuses a document above the limits of bytes and of elements with 413', () => {
    expect(() => parseXml(`<a>${'<b/>'.repeat(6)}</a>`, limits)).toThrow(
      expect.objectContaining({ status: 413 }),
    )
    expect(() => parseXml(`<a>${'x'.repeat(1_000)}</a>`, limits)).toThrow(
      expect.objectContaining({ status: 413 }),
    )
  })

  it('reads UTF-16 and declared encodings', () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<a>ü</a>', 'utf16le')])
    expect(textOf(parseXml(utf16))).toBe('ü')
    const latin1 = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>', 'latin1')
    expect(textOf(parseXml(latin1))).toBe('ü')
  })
})

describe('writing XML', () => {
  it('escapes what would change the document and replaces what XML cannot hold', () => {
    expect(escapeText('a&b<c>"d"\u0001')).toBe('a&amp;b&lt;c&gt;"d"\ufffd')
    expect(escapeAttribute('a"b\n')).toBe('a&quot;b&#10;')
  })

  it.each([
    ['<p>plain &amp; &lt;simple&gt;</p>', 'plain &amp; &lt;simple&gt;'],
    ['<p xmlns:x="urn:x"><x:a y="1"><x:b/></x:a></p>', '<x:a y="1" xmlns:x="urn:x"><x:b/></x:a>'],
    ['<p xmlns="DAV:"><a><b xmlns=""/></a></p>', '<a xmlns="DAV:"><b xmlns=""/></a>'],
    ['<p xmlns:x="urn:x"><a x:y="&quot;"/></p>', '<a x:y="&quot;" xmlns:x="urn:x"/>'],
    ['<p><a xml:lang="en">t</a></p>', '<a xml:lang="en">t</a>'],
  ])('serialises the inside of %s so that it stands alone', (text, inside) => {
    const element = parseXml(text)
    expect(serializeInside(element)).toBe(inside)
    const again = parseXml(`<p>${inside}</p>`)
    expect(serializeInside(again)).toBe(inside)
  })

  it('keeps the meaning of a document through reading and writing', () => {
    const text = '<a xmlns="urn:1"><p:b xmlns:p="urn:2" p:q="1"><c xmlns="urn:3">x</c></p:b><c/></a>'
    const strip = (xml: string) =>
      JSON.parse(JSON.stringify(parseXml(xml), (key, value) => (key === 'attributes' ? 0 : value)))
    expect(strip(serializeXml(parseXml(text)))).toEqual(strip(text))
  })
})
