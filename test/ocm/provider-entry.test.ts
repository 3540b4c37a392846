import { expect, it } from 'vitest'
import { providerEntry } from '../../src/ocm/discovery/provider-entry.ts'

it('an entry for ocmproviders.json has what oCIS reads, in the spelling that its checks take', () => {
  const facts = { publicUrl: 'https://alice.example', name: 'Alice', fullName: 'Alice University' }
  const service = (type: string, name: string, path: string, host: string) => ({
    endpoint: { type: { name: type, description: name }, name, path, is_monitored: true },
    api_version: '0.0.1',
    host,
  })
  expect(providerEntry(facts)).toEqual({
    name: 'Alice',
    full_name: 'Alice University',
    organization: 'Alice University',
    domain: 'alice.example',
    homepage: 'https://alice.example',
    description: '',
    services: [
      service('OCM', 'Alice - OCM API', 'https://alice.example/ocm/', 'alice.example:443'),
      service('Webdav', 'Alice - WebDAV', 'https://alice.example/dav/', 'https://alice.example/'),
    ],
  })
})

it.each([
  ['https://alice.example:8443/drive', 'alice.example:8443', 'alice.example:8443'],
  ['http://alice.example', 'alice.example', 'alice.example:80'],
  ['https://[2001:db8::1]', '[2001:db8::1]', '[2001:db8::1]:443'],
])('the entry of %s has the host with its port, and no scheme', (publicUrl, domain, host) => {
  const entry = providerEntry({ publicUrl, name: 'A' })
  expect(entry.domain).toBe(domain)
  expect(entry.services[0]).toMatchObject({ host, endpoint: { path: `${publicUrl}/ocm/` } })
})
