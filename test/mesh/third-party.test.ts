import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CountingRelay, relayTo } from '../support/counting-relay.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, shareAndAccept, type TestUser, until } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let bern: TestNode
let cracow: TestNode
let oda: TestUser
let ann: TestUser
let jan: TestUser
let relays: CountingRelay[]
const big = new Uint8Array(randomBytes(12 * 1024 * 1024))

interface File {
  path: string
  state: string
  executor: string
  executorWhy: string
  verified: string
  error?: { code: string; message: string }
}

beforeAll(async () => {
  const known = { 'amsterdam.test': '127.0.0.1', 'bern.test': '127.0.0.1', 'cracow.test': '127.0.0.1' }
  const network = { allow: ['127.0.0.0/8'], insecureHttp: true, hosts: known }
  mesh = await TestMesh.create(['bern', 'cracow'], { network })
  ;[bern, cracow] = mesh.nodes as [TestNode, TestNode]
  const ports = [bern, cracow].map(({ host }) => Number(host.split(':')[1]))
  // What the ordering node says to the other two goes through relays that count it.
  relays = await Promise.all([relayTo('127.0.0.2', Number(ports[0])), relayTo('127.0.0.3', Number(ports[1]))])
  const hosts = { ...known, 'bern.test': '127.0.0.2', 'cracow.test': '127.0.0.3' }
  const amsterdam = await mesh.start('amsterdam', { network: { ...network, hosts } })
  oda = await amsterdam.addUser('oda')
  ann = await bern.addUser('ann')
  jan = await cracow.addUser('jan')
  await ann.dav('MKCOL', '/set')
  await ann.dav('MKCOL', '/set/sub')
  await ann.put('/set/big.bin', big)
  await ann.put('/set/sub/small ä.txt', 'small')
  await endpoint('bern', `http://${bern.host}/dav/files/ann`, 'ann')
  await endpoint('cracow', `http://${cracow.host}/dav/files/jan`, 'jan')
})

afterAll(async () => {
  await mesh.close()
  await Promise.all(relays.map((relay) => relay.close()))
})

function endpoint(name: string, url: string, user: string, password = `${user}-password`): Promise<unknown> {
  const body = { name, kind: 'webdav', url, parameters: { user }, secrets: { password } }
  return oda.api('POST', '/endpoints', body)
}

async function copy(order: Record<string, unknown>, who = oda) {
  const { id } = await who.api<{ id: string }>('POST', '/transfers', order)
  const job = await who.untilEnded(id)
  const { items } = await who.api<{ items: File[] }>('GET', `/transfers/${id}/files`)
  return { job, files: items }
}

const counted = () => relays.reduce((sum, relay) => sum + relay.bytes(), 0)
const atJan = async (path: string) => Buffer.from(await (await jan.dav('GET', path)).arrayBuffer())

describe('a node that orders a copy between two others', () => {
  it('has the bytes go straight between them, with tokens for one file, and verifies', async () => {
    const before = counted()
    const order = {
      source: { endpoint: 'bern', path: '/set' },
      destination: { endpoint: 'cracow', path: '/incoming/set' },
    }
    const { job, files } = await copy(order)
    expect(job).toMatchObject({ state: 'FINISHED', files: { total: 2, done: 2 } })
    expect((await atJan('/incoming/set/big.bin')).equals(big)).toBe(true)
    expect((await atJan('/incoming/set/sub/small%20%C3%A4.txt')).toString()).toBe('small')
    for (const file of files) {
      expect(file).toMatchObject({ executor: 'third-party', verified: 'checksum' })
      expect(file.executorWhy).toContain(`${cracow.host} fetches from ${bern.host} by itself (HTTP-TPC)`)
    }
    // Orders, listings and markers; nothing near the 12 MiB of the file.
    expect(counted() - before).toBeLessThan(200_000)
  })

  it('never replaces what is there when told so, and takes what is equal as done', async () => {
    await jan.put('/taken.txt', 'of jan')
    const order = {
      source: { endpoint: 'bern', path: '/set/big.bin' },
      destination: { endpoint: 'cracow', path: '/taken.txt' },
      overwrite: 'never',
    }
    expect((await copy(order)).job).toMatchObject({ state: 'FAILED', error: { code: 'DESTINATION_EXISTS' } })
    expect((await atJan('/taken.txt')).toString()).toBe('of jan')
    const again = await copy({ ...order, destination: { endpoint: 'cracow', path: '/incoming/set/big.bin' } })
    expect(again.job).toMatchObject({ state: 'FINISHED', files: { skipped: 1 } })
  })

  it('replaces when it may', async () => {
    await jan.put('/old.txt', 'old')
    const { job, files } = await copy({
      source: { endpoint: 'bern', path: '/set/sub/small ä.txt' },
      destination: { endpoint: 'cracow', path: '/old.txt' },
      overwrite: 'always',
      executor: 'third-party',
    })
    expect(job.state).toBe('FINISHED')
    expect(files[0]).toMatchObject({ executor: 'third-party' })
    expect((await atJan('/old.txt')).toString()).toBe('small')
  })

  it('says 401 when what opens the destination is wrong, and leaves nothing there', async () => {
    await endpoint('cracow-wrong', `http://${cracow.host}/dav/files/jan`, 'jan', 'guessed')
    const { job } = await copy({
      source: { endpoint: 'bern', path: '/set/big.bin' },
      destination: { endpoint: 'cracow-wrong', path: '/wrong.bin' },
      executor: 'third-party',
    })
    expect(job.state).toBe('FAILED')
    expect(JSON.stringify(job.error)).not.toContain('guessed')
    expect((await jan.dav('HEAD', '/wrong.bin')).status).toBe(404)
  })

  it('fetches a share of its own user straight from its owner to a third server', async () => {
    await connect(ann, oda)
    await shareAndAccept(ann, oda, '/set')
    const { items } = await oda.api<{ items: { id: string }[] }>('GET', '/received-shares?state=accepted')
    const before = counted()
    const { job, files } = await copy({
      source: { shareId: items[0]?.id, path: '/big.bin' },
      destination: { endpoint: 'cracow', path: '/shared.bin' },
    })
    expect(job.state).toBe('FINISHED')
    expect(files[0]).toMatchObject({ executor: 'third-party', verified: 'checksum' })
    expect((await atJan('/shared.bin')).equals(big)).toBe(true)
    expect(counted() - before).toBeLessThan(200_000)
  })

  it('ends the copy when it is cancelled, and nothing is left', async () => {
    const source = await slowSource()
    try {
      const { id } = await oda.api<{ id: string }>('POST', '/transfers', {
        source: { url: source.url },
        destination: { endpoint: 'cracow', path: '/slow.bin' },
        executor: 'third-party',
      })
      await source.asked
      await oda.api('POST', `/transfers/${id}/cancel`)
      expect(await oda.untilEnded(id)).toMatchObject({ state: 'CANCELED' })
      await source.left
      await until(
        () => jan.dav('HEAD', '/slow.bin'),
        ({ status }) => status === 404,
      )
    } finally {
      await source.close()
    }
  })
})

/** A server that sends the beginning of a file and then nothing more. */
async function slowSource() {
  const { createFarServer } = await import('../support/far-server.ts')
  const far = await createFarServer()
  const asked = Promise.withResolvers<void>()
  const left = Promise.withResolvers<void>()
  far.answer((request, response) => {
    const headers = {
      'Content-Length': '50000000',
      ETag: '"slow"',
      'Last-Modified': new Date(0).toUTCString(),
    }
    if (request.method === 'HEAD') return void response.writeHead(200, headers).end()
    if (request.method !== 'GET') return void response.writeHead(405).end()
    response.writeHead(200, headers).write(Buffer.alloc(100_000))
    response.on('close', () => left.resolve())
    asked.resolve()
  })
  return { url: `${far.origin}/slow.bin`, asked: asked.promise, left: left.promise, close: () => far.close() }
}
