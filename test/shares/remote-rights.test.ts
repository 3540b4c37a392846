import { describe, expect, it } from 'vitest'
import { findRights } from '../../src/shares/remote-rights.ts'

const OCM = 'http://open-cloud-mesh.org/nsshare-permissions'
const OCS = 'http://open-collaboration-services.org/nsshare-permissions'
const LETTERS = 'http://owncloud.org/nspermissions'

const rights = (properties: Record<string, string>) => {
  const found = findRights({ href: '/', isCollection: true, properties: new Map(Object.entries(properties)) })
  return (
    found && [found.read && 'read', found.write && 'write', found.share && 'share'].filter(Boolean).join()
  )
}

describe('the rights that the server of a share tells', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['as words', { [OCM]: '["share","read","write"]' }, 'read,write,share'],
    ['as words for reading', { [OCM]: '["read"]' }, 'read'],
    ['as a number', { [OCS]: '31' }, 'read,write,share'],
    ['as a number for reading', { [OCS]: '1' }, 'read'],
    ['as a number of a file', { [OCS]: '19' }, 'read,write,share'],
    ['as a number for bringing only', { [OCS]: '4' }, 'write'],
    ['as letters', { [LETTERS]: 'RGDNVCK' }, 'read,write,share'],
    ['as letters of ownCloud 10', { [LETTERS]: 'SRDNVW' }, 'read,write,share'],
    ['as letters for reading', { [LETTERS]: 'SG' }, 'read'],
    ['in words before others', { [OCM]: '["read"]', [OCS]: '31', [LETTERS]: 'RGDNVCK' }, 'read'],
    ['in letters when the number is none', { [OCS]: 'x', [LETTERS]: 'G' }, 'read'],
    ['not at all', {}, undefined],
    ['with empty properties', { [OCM]: '', [OCS]: '', [LETTERS]: '' }, undefined],
    ['in a form that is none', { [OCM]: 'read', [OCS]: '-1', [LETTERS]: 'g w' }, undefined],
  ])('are read %s', (_, properties, expected) => {
    expect(rights(properties)).toBe(expected)
  })
})
