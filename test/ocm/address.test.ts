import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  findAddress,
  findHost,
  findWireAddress,
  formatAddress,
  normaliseHost,
  parseAddress,
  withoutHost,
} from '../../src/ocm/address.ts'

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('xn--'))
const host = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), fc.option(fc.integer({ min: 1, max: 65535 })))
  .map(([labels, port]) => labels.join('.') + (port === null || port === 443 ? '' : `:${port}`))
const id = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((text) => text.trim() === text && !/[\u0000-\u001f\u007f]/.test(text))

describe('an OCM address', () => {
  it('reads back what was written, whatever the identifier holds', () => {
    fc.assert(
      fc.property(id, host, (identifier, server) => {
        const address = { id: identifier, host: server }
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })

  it('has one spelling per host', () => {
    fc.assert(
      fc.property(host, (server) => {
        expect(normaliseHost(server)).toBe(server)
        expect(normaliseHost(server.toUpperCase())).toBe(server)
        expect(normaliseHost(`https://${server}/nextcloud`)).toBe(server)
      }),
    )
  })

  it('of IPv6 keeps its brackets and loses the default port', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.option(fc.integer({ min: 1, max: 65535 })), (address, port) => {
        const found = findHost(`[${address}]${port === null ? '' : `:${port}`}`)
        // Not every form of the generator is one that URLs take, such as those with a zone.
        fc.pre(found !== undefined)
        expect(found).toMatch(/^\[[0-9a-f:]+\](:\d+)?$/)
        expect(found?.endsWith(']')).toBe(port === null || port === 443)
        expect(findHost(found ?? '')).toBe(found)
      }),
    )
  })

  it('in a message is the same however often the host is repeated, with a scheme or a path', () => {
    const forms = fc.array(fc.constantFrom('', 'https://', 'http://'), { maxLength: 6 })
    const plainId = id.filter((text) => !text.includes('@'))
    fc.assert(
      fc.property(
        plainId,
        host,
        forms,
        fc.constantFrom('', '/', '/nextcloud/'),
        (name, server, schemes, path) => {
          // The default port of http is another than that of a host without scheme.
          fc.pre(!server.endsWith(':80'))
          const doubled = schemes.map((scheme) => `@${scheme}${server}`).join('')
          expect(findWireAddress(`${name}${doubled}@${server}${path}`)).toEqual({ id: name, host: server })
        },
      ),
    )
  })

  it('in a message keeps an identifier that ends with another host', () => {
    expect(findWireAddress('bob@example.org@cloud.example')).toEqual({
      id: 'bob@example.org',
      host: 'cloud.example',
    })
    expect(withoutHost('@cloud.example', 'cloud.example')).toBe('@cloud.example')
    expect(findWireAddress('bob')).toBeUndefined()
  })

  it('that somebody types is not shortened: a person may be named after an e-mail address', () => {
    expect(parseAddress('bob@example.org@example.org')).toEqual({
      id: 'bob@example.org',
      host: 'example.org',
    })
  })

  it('never throws anything but its own complaint', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const found = findHost(text)
        expect(found === undefined || normaliseHost(found) === found).toBe(true)
        expect(findAddress(text)?.id).not.toBe('')
      }),
    )
  })

  it.each([
    ['bob@cloud.example', 'bob', 'cloud.example'],
    ['bob@example.org@Cloud.Example', 'bob@example.org', 'cloud.example'],
    ['bob@https://cloud.example', 'bob', 'cloud.example'],
    ['bob@https://cloud.example/nc/', 'bob', 'cloud.example'],
    ['bob@cloud.example:443', 'bob', 'cloud.example'],
    ['bob@http://cloud.example:80', 'bob', 'cloud.example'],
    ['bob@cloud.example:8443', 'bob', 'cloud.example:8443'],
    ['bob@cloud.example.', 'bob', 'cloud.example'],
    ['bob@[2001:DB8::0:1]:8443', 'bob', '[2001:db8::1]:8443'],
    ['bob@bücher.example', 'bob', 'xn--bcher-kva.example'],
    ['Böb Smith@cloud.example', 'Böb Smith', 'cloud.example'],
  ])('reads %s', (text, identifier, server) => {
    expect(parseAddress(text)).toEqual({ id: identifier, host: server })
  })

  it.each([
    'bob',
    '@cloud.example',
    'bob@',
    'bob@2001:db8::1',
    'bob@a b',
    'bob@host:99999',
    'b\nob@host',
    'bob@.',
  ])('refuses %j with a sentence', (text) => {
    expect(() => parseAddress(text)).toThrow(/is not (a federated address|the name of a server)/)
  })
})
