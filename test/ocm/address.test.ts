import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findAddress, findHost, formatAddress, normaliseHost, parseAddress } from '../../src/ocm/address.ts'

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
