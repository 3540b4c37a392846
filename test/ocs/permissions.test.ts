import { describe, expect, it } from 'vitest'
import { capabilities } from '../../src/ocs/capabilities.ts'
import { bitsOf, grantOf } from '../../src/ocs/sharing/permissions.ts'

describe('permissions', () => {
  it.each([
    ['folder', 1, 'viewer', false],
    ['folder', 17, 'viewer', true],
    ['folder', 15, 'editor', false],
    ['folder', 31, 'editor', true],
    ['folder', 4, 'uploader', false],
    ['file', 1, 'viewer', false],
    ['file', 3, 'editor', false],
    ['file', 19, 'editor', true],
  ] as const)('of a %s, %i, are %s, passing on %s, and back', (kind, bits, role, mayReshare) => {
    expect(grantOf(kind, String(bits))).toEqual({ role, mayReshare })
    expect(bitsOf(kind, { role, mayReshare })).toBe(bits)
  })

  it('of a file leave out what only folders have', () => {
    expect(grantOf('file', '31')).toEqual({ role: 'editor', mayReshare: true })
    expect(grantOf('file', '13')).toEqual({ role: 'viewer', mayReshare: false })
  })

  it('grant nothing that was not asked for', () => {
    for (let bits = 1; bits <= 31; bits++) {
      for (const kind of ['file', 'folder'] as const) {
        const granted = grantedBits(kind, bits)
        expect(granted & ~bits, `${kind} ${bits}`).toBe(0)
      }
    }
  })
})

/** What is granted for these bits; nothing where they are refused. */
function grantedBits(kind: 'file' | 'folder', bits: number): number {
  try {
    return bitsOf(kind, grantOf(kind, String(bits)))
  } catch {
    return 0
  }
}

describe('what clients are told of sharing', () => {
  const of = (sharing: { groups: boolean; links: boolean }) => {
    const offers = { bulkUpload: true, tus: true, trash: true, versions: true, sharing }
    const site = { name: 'Leiden', publicUrl: 'https://leiden.test' }
    return capabilities(site, offers) as { capabilities: Record<string, Record<string, unknown>> }
  }

  it('is what works here, in members that stand in pairs', () => {
    const all = of({ groups: true, links: true }).capabilities
    expect(all.files_sharing).toMatchObject({
      ...{ api_enabled: true, resharing: true, default_permissions: 31, group_sharing: true },
      public: { enabled: true, upload: true, password: { enforced: false }, expire_date: { enabled: false } },
      user: { send_mail: false },
      federation: { outgoing: true, incoming: true, expire_date: { enabled: true } },
      sharee: { query_lookup_default: false },
    })
    expect(all.notifications).toEqual({ 'ocs-endpoints': ['list', 'get', 'delete', 'delete-all'] })
    expect(all.dav?.chunking).toBe('1.0')
    expect(all.files?.bigfilechunking).toBe(true)
  })

  it('leaves out what does not', () => {
    expect(of({ groups: false, links: false }).capabilities.files_sharing).toMatchObject({
      group_sharing: false,
      public: { enabled: false, upload: false },
    })
  })
})
