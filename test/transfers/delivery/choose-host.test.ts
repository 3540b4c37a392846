import { describe, expect, it } from 'vitest'
import {
  chooseHost,
  type HostChoiceFacts,
  type HostFacts,
  reaches,
} from '../../../src/transfers/delivery/choose-host.ts'

const host = (name: string, more: Partial<HostFacts> = {}): HostFacts => ({
  ...{ id: name, name, executors: ['stream'], prefixes: ['/srv'], slots: 4, running: 0 },
  ...{ isAlive: true, isDraining: false },
  ...more,
})

const facts = (more: Partial<HostChoiceFacts>): HostChoiceFacts => ({
  ...{ sizeBytes: 1000, isRemote: true, isLimited: false, stagedPath: '/srv/ann/staging/x.part' },
  ...{ localSizeLimit: 100, hosts: [host('a')], failed: new Set<string>(), isLocalFree: true, random: 0 },
  ...more,
})

describe('the choice of who moves a file', () => {
  it('takes a worker that has the file system of the destination', () => {
    expect(chooseHost(facts({}))).toMatchObject({ kind: 'host', host: { name: 'a' }, mode: 'path' })
  })

  it.each([
    ['a file below the limit', { sizeBytes: 99 }, 'localSizeLimit'],
    ['a source that is not asked by HTTP', { isRemote: false }, 'HTTP'],
    ['a limit of bandwidth', { isLimited: true }, 'bandwidth'],
    ['no worker at all', { hosts: [] }, 'no delivery worker'],
    ['a silent worker', { hosts: [host('a', { isAlive: false })] }, 'no delivery worker'],
    ['a worker that drains', { hosts: [host('a', { isDraining: true })] }, 'no delivery worker'],
    ['a worker of another kind', { hosts: [host('a', { executors: ['rclone'] })] }, 'no delivery worker'],
    ['only workers that failed with it', { failed: new Set(['a']) }, 'failed'],
    ['only busy workers, when the node is free', { hosts: [host('a', { running: 4 })] }, 'busy'],
  ])('leaves to the node: %s', (_, more, why) => {
    const choice = chooseHost(facts(more))
    expect(choice.kind).toBe('local')
    expect(choice.why).toContain(why)
  })

  it('lets a file wait when the workers are busy and so is the node', () => {
    const choice = chooseHost(facts({ hosts: [host('a', { running: 4 })], isLocalFree: false }))
    expect(choice.kind).toBe('wait')
  })

  it('passes over those that failed with this file, for another one', () => {
    const choice = chooseHost(facts({ hosts: [host('a'), host('b')], failed: new Set(['a']) }))
    expect(choice).toMatchObject({ host: { name: 'b' } })
  })

  it('prefers who shares the file system, even when another one is less busy', () => {
    const far = host('far', { prefixes: [] })
    const near = host('near', { running: 3 })
    expect(chooseHost(facts({ hosts: [far, near] }))).toMatchObject({ host: { name: 'near' }, mode: 'path' })
    expect(chooseHost(facts({ hosts: [far] }))).toMatchObject({ host: { name: 'far' }, mode: 'upload' })
  })

  it('takes the least busy for its size, and among equals decides by lot', () => {
    const hosts = [host('a', { running: 2 }), host('b', { running: 4, slots: 10 }), host('c', { running: 3 })]
    expect(chooseHost(facts({ hosts }))).toMatchObject({ host: { name: 'b' } })
    const equals = [host('a'), host('b')]
    expect(chooseHost(facts({ hosts: equals, random: 0.1 }))).toMatchObject({ host: { name: 'a' } })
    expect(chooseHost(facts({ hosts: equals, random: 0.9 }))).toMatchObject({ host: { name: 'b' } })
  })

  it('compares names of folders whole', () => {
    expect(reaches(['/srv/data'], '/srv/data/x')).toBe(true)
    expect(reaches(['/srv/data/'], '/srv/data/x')).toBe(true)
    expect(reaches(['/srv/dat'], '/srv/data/x')).toBe(false)
    expect(reaches(['/'], '/srv/data/x')).toBe(true)
    expect(reaches([], '/srv/data/x')).toBe(false)
  })
})
