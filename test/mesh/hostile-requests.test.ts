import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresUrl, engines } from '../support/databases.ts'
import { hostileRequests, sendHostile } from '../support/hostile-requests.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

const unhandled: unknown[] = []
const onUnhandled = (error: unknown) => unhandled.push(error)

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe.each(engines)('a node on %s among strangers', (engine) => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    // Under vitest an error that nobody hears does not end the process; here it ends the test.
    process.on('uncaughtException', onUnhandled)
    process.on('unhandledRejection', onUnhandled)
    const postgres = async () => ({
      client: 'postgres' as const,
      url: await createPostgresUrl(),
      poolSize: 4,
    })
    mesh = await TestMesh.create(['leiden'], engine === 'sqlite' ? {} : { database: await postgres() })
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
    await ann.put('/small.txt', 'hello')
    await ann.put('/big.bin', new Uint8Array(3 * 1024 * 1024))
    await ann.dav('MKCOL', '/folder')
    await ann.put('/folder/inside.txt', 'inside')
  })

  afterAll(async () => {
    await mesh.close()
    process.off('uncaughtException', onUnhandled)
    process.off('unhandledRejection', onUnhandled)
  })

  it('answers any method, address, header and body without a fault of its own, and leaks nothing', async () => {
    await ann.names('/')
    const before = openDescriptors()
    const to = { origin: leiden.origin, authorization: ann.authorization }
    const some = fc.array(hostileRequests, { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(some, async (requests) => {
      const statuses = await Promise.all(requests.map((request) => sendHostile(request, to)))
      expect(statuses.filter((status) => status === 500 || status === 599)).toEqual([])
      expect(unhandled).toEqual([])
    })
    await fc.assert(property, { numRuns: 1000, interruptAfterTimeLimit: 5_000 })
    expect((await ann.dav('PROPFIND', '/', { headers: { depth: '1' } })).status).toBe(207)
    await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before + 3)
  }, 60_000)
})
