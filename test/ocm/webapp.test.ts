import { describe, expect, it } from 'vitest'
import { readWebapp } from '../../src/ocm/dialects/read-webapp.ts'

const modern = {
  uri: 'https://apps.leiden.test/md/1',
  sharedSecret: 's1',
  targets: ['blank', 'iframe'],
  permissions: ['view', 'write', 'fly'],
  requirements: ['must-exchange-token'],
}
const read = (webapp: unknown) => readWebapp({ name: 'multi', webapp })

describe('the application of a share', () => {
  it('is read in the form of OCM 1.4', () => {
    expect(read({ ...modern, appName: 'Mark\u202edown' })).toEqual({
      ...{ uri: modern.uri, sharedSecret: 's1', permissions: ['view', 'write'] },
      ...{ appName: 'Markdown', isModern: true },
    })
  })

  it.each([
    ['no application', undefined],
    ['none at all', null],
    ['a word in place of it', 'webapp'],
    ['an address that runs', { ...modern, uri: 'javascript:alert(1)' }],
    ['an address with a password', { ...modern, uri: 'https://ann:pw@leiden.test/' }],
    ['a relative address', { ...modern, uri: '/md/1' }],
    ['no secret', { ...modern, sharedSecret: undefined }],
    ['a secret that no header holds', { ...modern, sharedSecret: 'a\r\nb' }],
    ['frames only', { ...modern, targets: ['iframe'] }],
    ['no target', { ...modern, targets: [] }],
  ])('is passed over with %s', (_name, webapp) => {
    expect(read(webapp)).toBeUndefined()
  })

  it.each(['uriTemplate', 'uri'])('is read in the form of OCM 1.1 to 1.3 with %s', (name) => {
    const uri = 'https://leiden.test/s/{relative-path-to-shared-resource}'
    expect(read({ [name]: uri, viewMode: 'write' })).toEqual({
      ...{ uri, permissions: ['write'], appName: '', isModern: false },
    })
  })
})
