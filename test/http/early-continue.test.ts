import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

describe('a request whose body does not come with its head', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let ann: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    leiden = mesh.nodes[0] as TestNode
    ann = await leiden.addUser('ann')
  })

  afterAll(() => mesh.close())

  const CLIENT = 'User-Agent: Mozilla/5.0 (Linux) mirall/3.7.3git (Nextcloud)'

  /** Sends a PUT in two pieces, the second after a 100 or when the server has been asked something else. */
  async function put(name: string, headers: string[]): Promise<string> {
    const { hostname, port } = new URL(leiden.origin)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    const authorization = `Authorization: ${ann.authorization}`
    const fixed = ['Host: x', authorization, 'Content-Length: 4', 'Connection: close']
    socket.write([`PUT /dav/files/ann/${name} HTTP/1.1`, ...fixed, ...headers, '', ''].join('\r\n'))
    await ann.names('/') // what was to come unasked has come by then
    const early = received
    socket.write('body')
    await once(socket, 'close')
    expect(received.match(/HTTP\/1\.1 201 /g)).toHaveLength(1)
    expect(received.slice(early.length)).not.toContain('100 Continue')
    return early
  }

  it('is told at once to go on when it is a sync client’s', async () => {
    expect(await put('early', [CLIENT])).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(await (await ann.dav('GET', '/early')).text()).toBe('body')
  })

  it.each([
    ['by others', ['User-Agent: curl/8']],
    ['through a proxy', [CLIENT, 'X-Forwarded-For: 192.0.2.1']],
  ])('gets nothing unasked: %s', async (name, headers) => {
    expect(await put(encodeURIComponent(name), headers)).toBe('')
  })

  it('is told once when it asked', async () => {
    expect(await put('asked', [CLIENT, 'Expect: 100-continue'])).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  })
})
