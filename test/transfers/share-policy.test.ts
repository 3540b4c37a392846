import { expect, it } from 'vitest'
import { type SharePolicy, shareOf } from '../../src/transfers/share-policy.ts'

const job = { link: 'leiden.test>here', label: 'nightly' }
const ann = { userName: 'ann', groups: ['zoo', 'astro', 'hpc'] }

function shareBy(policy: SharePolicy, link = job.link, weights: Record<string, number> = {}): string {
  return shareOf({ policy, weights }, { ...job, link }, ann)
}

it.each<[SharePolicy, string]>([
  ['none', '_default'],
  ['user', 'user:ann'],
  ['link', 'link:leiden.test>here'],
  ['label', 'label:nightly'],
  ['group', 'group:astro'],
  ['institution', 'institution:leiden.test'],
])('sorts by %s into %s', (policy, share) => {
  expect(shareBy(policy)).toBe(share)
})

it.each([
  ['here>krakow.test', 'krakow.test'],
  ['leiden.test>here', 'leiden.test'],
  ['leiden.test>krakow.test', 'leiden.test'],
  ['here>here', 'here'],
])('takes the far host of %s, %s, for the institution', (link, host) => {
  expect(shareBy('institution', link)).toBe(`institution:${host}`)
})

it('counts somebody of several groups for the first by name that has a weight', () => {
  const weights = { 'group:zoo': 80, 'group:hpc': 20 }
  expect(shareBy('group', job.link, weights)).toBe('group:hpc')
  expect(shareBy('group', job.link, { 'user:ann': 90 })).toBe('group:astro')
})

it('counts somebody without a group for themselves', () => {
  const rules = { policy: 'group' as const, weights: {} }
  expect(shareOf(rules, job, { userName: 'ben', groups: [] })).toBe('user:ben')
})
