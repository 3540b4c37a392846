import { describe, expect, it } from 'vitest'
import { isIfSatisfied, parseIfHeader, submittedTokens, taggedResources } from '../../src/webdav/if-header.ts'

const states = new Map([
  [undefined, { etag: 'e1', tokens: ['urn:uuid:a'] }],
  ['/other', { etag: 'e2', tokens: [] }],
  ['http://h/locked', { tokens: ['urn:uuid:b', 'urn:uuid:c'] }],
])
const stateOf = (tag: string | undefined) => states.get(tag) ?? { tokens: [] }

describe('the If header', () => {
  it.each([
    ['(<urn:uuid:a>)', true],
    ['(<urn:uuid:x>)', false],
    ['(["e1"])', true],
    ['([W/"e1"])', true],
    ['(["e2"])', false],
    ['(<urn:uuid:a> ["e1"])', true],
    ['(<urn:uuid:a> ["e2"])', false],
    ['(<urn:uuid:x>) (<urn:uuid:a>)', true],
    ['(<urn:uuid:x>)(["e2"])', false],
    ['(Not <urn:uuid:x>)', true],
    ['(not <urn:uuid:a>)', false],
    ['(Not ["e2"] <urn:uuid:a>)', true],
    ['(<DAV:no-lock>)', false],
    ['(Not <DAV:no-lock>)', true],
    ['(<urn:uuid:x>) (Not <DAV:no-lock>)', true],
    ['(<urn:uuid:a> ["wrong"]) (Not <DAV:no-lock> ["wrong"])', false],
    ['</other> (["e2"])', true],
    ['</other> (["e1"])', false],
    ['</other> (<urn:uuid:a>)', false],
    ['<http://h/locked> (<urn:uuid:c>)', true],
    ['<http://h/locked> (["e1"])', false],
    ['</missing> (<urn:uuid:a>)', false],
    ['</missing> (Not <urn:uuid:a>)', true],
    ['</other> (["no"]) (Not ["no"]) <http://h/locked> (<urn:uuid:x>)', true],
    ['  ( <urn:uuid:a>   ["e1"] )  ', true],
  ])('judges %s as %s', (header, expected) => {
    expect(isIfSatisfied(parseIfHeader(header), stateOf)).toBe(expected)
  })

  it.each([
    '',
    '()',
    '<urn:uuid:a>',
    '(<urn:uuid:a>',
    '(urn:uuid:a)',
    '([e1])',
    '(["e1")',
    '(Not)',
    '</a> </b> (["e"])',
    '(["e"]) </a> (["e"])',
    'garbage',
    `(${'<urn:x>'.repeat(201)})`,
  ])('refuses %s with 400', (header) => {
    expect(() => parseIfHeader(header)).toThrow(expect.objectContaining({ status: 400 }))
  })

  it('collects the tokens that were submitted, negated or not, and the resources named', () => {
    const lists = parseIfHeader('</a> (<urn:1> ["e"]) (Not <urn:2>) </b> (<urn:1>)')
    expect(submittedTokens(lists)).toEqual(['urn:1', 'urn:2'])
    expect(taggedResources(lists)).toEqual(['/a', '/b'])
    expect(taggedResources(parseIfHeader('(<urn:1>)(<urn:2>)'))).toEqual([undefined])
  })
})
