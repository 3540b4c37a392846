import { describe, expect, it } from 'vitest'
import {
  findNameFault,
  numberedFolderName,
  numberedName,
  sizeOfName,
  stemLength,
} from '../../src/web/dav/naming.ts'
import { davPath, isWithin, joinPath, nameOf, parentOf } from '../../src/web/dav/paths.ts'
import { davProblem } from '../../src/web/dav/problem.ts'

describe('names of files in the page', () => {
  it.each([
    ['', 'empty'],
    ['.', 'dots'],
    ['..', 'dots'],
    ['a/b', 'slash'],
    ['a\0b', 'slash'],
    ['half \ud83e', 'malformed'],
    ['é'.repeat(128), 'tooLong'],
  ])('finds what is wrong with %j', (name, fault) => {
    expect(findNameFault(name)).toBe(fault)
  })

  it.each([
    'a',
    ' ',
    '...',
    '.hidden',
    '<script>',
    'a\\b',
    '🦊',
    'é'.repeat(127),
    'x\u202Egnp',
  ])('lets %j be', (name) => expect(findNameFault(name)).toBeUndefined())

  it.each([
    ['report.pdf', 'report'],
    ['data.tar.gz', 'data'],
    ['.bashrc', '.bashrc'],
    ['README', 'README'],
    ['v1.2 final notes', 'v1.2 final notes'],
    ['a.b.c', 'a.b'],
    ['.tar.gz', '.tar.gz'],
  ])('selects of %j only %j when it is renamed', (name, stem) => {
    expect(name.slice(0, stemLength(name))).toBe(stem)
  })

  it('numbers a name before its extension, and a folder at its end', () => {
    expect(numberedName('report.pdf', 2)).toBe('report (2).pdf')
    expect(numberedName('data.tar.gz', 3)).toBe('data (3).tar.gz')
    expect(numberedFolderName('v1.2', 2)).toBe('v1.2 (2)')
  })

  it('cuts a numbered name between characters, so that it can be stored', () => {
    const name = numberedName(`${'🦊'.repeat(62)}abc.txt`, 2)
    expect(sizeOfName(name)).toBeLessThanOrEqual(255)
    expect(name.isWellFormed()).toBe(true)
    expect(name.endsWith(' (2).txt')).toBe(true)
  })
})

describe('paths in the page', () => {
  it('joins, names and finds parents', () => {
    expect(joinPath('/', 'a', 'b')).toBe('/a/b')
    expect(joinPath('/a', 'b c')).toBe('/a/b c')
    expect(parentOf('/a/b')).toBe('/a')
    expect(parentOf('/a')).toBe('/')
    expect(nameOf('/a/b')).toBe('b')
    expect(isWithin('/ab', '/a')).toBe(false)
    expect(isWithin('/a/b', '/a')).toBe(true)
    expect(isWithin('/x', '/')).toBe(true)
  })

  it('encodes whatever a name may hold', () => {
    expect(davPath('/base/', 'files', ['ann', '100%', 'a?b#c', '<x>', '🦊', '...'])).toBe(
      '/base/dav/files/ann/100%25/a%3Fb%23c/%3Cx%3E/%F0%9F%A6%8A/...',
    )
  })
})

describe('what a refusal of WebDAV says', () => {
  const headers = new Headers({ 'X-Request-Id': 'r1', 'Retry-After': '7' })

  it('is its message, a code and the request', () => {
    const text =
      '<d:error><d:quota-not-exceeded/><s:message>No &lt;room&gt; &amp; &#x1F98A;</s:message></d:error>'
    const problem = davProblem({ status: 507, text, headers })
    expect(problem).toMatchObject({
      status: 507,
      code: 'QUOTA_EXCEEDED',
      detail: 'No <room> & 🦊',
      requestId: 'r1',
      retryAfterSeconds: 7,
    })
  })

  it('is read from problem+json as well, and from nothing', () => {
    const text = '{"code":"CSRF_TOKEN","detail":"Reload."}'
    expect(davProblem({ status: 403, text, headers })).toMatchObject({
      code: 'CSRF_TOKEN',
      detail: 'Reload.',
    })
    expect(davProblem({ status: 502, text: '<html>', headers }).detail).toBe('The node answered 502.')
  })
})
