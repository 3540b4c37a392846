import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { ADD_LINK_SCRIPT } from '../../src/shares/links/add-link-page.ts'
import { parseLink } from '../../src/shares/links/link-address.ts'

const place = (base: string, host: string, token = 'AbC_1-2') => ({ base, host, token })

describe('the address of a public link', () => {
  it.each([
    ['https://cloud.example/s/AbC_1-2', place('https://cloud.example', 'cloud.example')],
    ['  https://cloud.example/index.php/s/AbC_1-2/ ', place('https://cloud.example', 'cloud.example')],
    ['https://cloud.example/s/AbC_1-2/download?path=/x', place('https://cloud.example', 'cloud.example')],
    ['https://cloud.example:8443/nc/s/AbC_1-2', place('https://cloud.example:8443/nc', 'cloud.example:8443')],
    ['https://Cloud.Example/index.php/s/AbC_1-2#x', place('https://cloud.example', 'cloud.example')],
    [
      'https://oc.example/oc/public.php?service=files&t=AbC_1-2',
      place('https://oc.example/oc', 'oc.example'),
    ],
    [
      'https://here.example/apps/files#remote=https%3A%2F%2Fcloud.example%2Fnc%2F&token=AbC_1-2&owner=bob',
      place('https://cloud.example/nc', 'cloud.example'),
    ],
    [
      'https://here.example/apps/files#remote=cloud.example&token=AbC_1-2',
      place('https://cloud.example', 'cloud.example'),
    ],
    ['https://[2001:db8::1]/s/AbC_1-2', place('https://[2001:db8::1]', '[2001:db8::1]')],
  ])('%s', (text, found) => {
    expect(parseLink(text)).toEqual(found)
  })

  it.each([
    '',
    'cloud.example/s/AbC',
    'ftp://cloud.example/s/AbC',
    'javascript:alert(1)//s/AbC',
    'https://cloud.example/',
    'https://cloud.example/s/',
    'https://cloud.example/s/%2e%2e%2fadmin',
    'https://cloud.example/s/a%20b',
    `https://cloud.example/s/${'a'.repeat(201)}`,
    'https://here.example/apps/files#remote=javascript%3Aalert(1)&token=../x',
    'https://here.example/public.php?t=a/../b',
  ])('is not %j', (text) => {
    expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: 'NOT_A_LINK' }))
  })
})

describe('the page that other servers send visitors to', () => {
  /** What the script makes of the page when its address ends in this. */
  function open(hash: string): { link: string; text: string } {
    const input = { value: '' }
    const what = { textContent: '' }
    const document = { querySelector: () => input, getElementById: () => what }
    runInNewContext(ADD_LINK_SCRIPT, { document, location: { hash }, URLSearchParams, encodeURIComponent })
    return { link: input.value, text: what.textContent }
  }

  it('fills in the link that the address names, as one that is understood', () => {
    const values = {
      remote: 'https://cloud.example/nc/',
      token: 'AbC_1-2',
      owner: 'bob',
      name: 'Fotos & mehr',
    }
    const { link, text } = open(`#${new URLSearchParams({ ...values, protected: '1' })}`)
    expect(parseLink(link)).toEqual(place('https://cloud.example/nc', 'cloud.example'))
    expect(text).toBe('bob at https://cloud.example/nc/ lets you have Fotos & mehr.')
    expect(parseLink(open('#remote=cloud.example&token=AbC_1-2').link).base).toBe('https://cloud.example')
  })

  it('leaves the form as it is without one', () => {
    for (const hash of ['', '#', '#remote=x', '#token=y']) expect(open(hash)).toEqual({ link: '', text: '' })
  })
})
