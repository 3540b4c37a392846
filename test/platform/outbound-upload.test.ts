import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/platform/clock.ts'
import type { OutboundConfig } from '../../src/platform/outbound.ts'
import { createUploader, type UploadRequest } from '../../src/platform/outbound-upload.ts'
import { createFarServer, type FarServer } from '../support/far-server.ts'

const CONFIG: OutboundConfig = {
  ...{ allow: ['127.0.0.0/8'], insecureHttp: true, hosts: { 'far.test': '127.0.0.1' } },
  ...{ connectTimeoutMs: 2_000, idleTimeoutMs: 300 },
}
const BYTES = Buffer.alloc(3_000_000, 'u')

let far: FarServer
beforeAll(async () => {
  far = await createFarServer()
})
afterAll(() => far.close())
afterEach(() => far.seen.splice(0))

async function* bytes(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += 65_536) yield BYTES.subarray(at, at + 65_536)
}

const upload = (more: Partial<UploadRequest> = {}, config = CONFIG) =>
  createUploader(
    config,
    systemClock,
  )({
    url: `${far.origin}/x`,
    headers: { 'X-Site': 'leiden' },
    sizeBytes: BYTES.length,
    open: async () => bytes(),
    signal: new AbortController().signal,
    ...more,
  })

describe('an upload to another server', () => {
  it('goes when it is asked to go on', async () => {
    far.answer((_request, response, body) => {
      response.writeContinue()
      void body().then(() => response.writeHead(201, { ETag: '"1"' }).end('thanks'))
    })
    const answer = await upload()
    expect(answer).toMatchObject({ status: 201, bodyWasOpened: true, headers: { etag: '"1"' } })
    expect(far.seen[0]?.body.equals(BYTES)).toBe(true)
    expect(far.seen[0]?.rawHeaders).toContain('X-Site')
  })

  it('goes, too, to a server that says nothing for a while', async () => {
    far.answer((_request, response, body) => void body().then(() => response.writeHead(204).end()))
    const patient = { ...CONFIG, idleTimeoutMs: 10_000 }
    expect((await upload({}, patient)).status).toBe(204)
  })

  it('reads nothing when it is refused at once', async () => {
    far.answer((_request, response) => response.writeHead(413).end())
    let isOpened = false
    const open = async () => {
      isOpened = true
      return bytes()
    }
    expect(await upload({ open })).toMatchObject({ status: 413, bodyWasOpened: false })
    expect(isOpened).toBe(false)
  })

  it('hears a refusal in the middle', async () => {
    far.answer((request, response) => {
      response.writeContinue()
      request.once('data', () => response.writeHead(507, { Connection: 'close' }).end())
    })
    expect((await upload()).status).toBe(507)
  })

  it.each<[string, Partial<UploadRequest>, Partial<OutboundConfig>, string]>([
    ['a private address', { url: 'http://10.0.0.1/x' }, {}, 'address-refused'],
    ['loopback that is not allowed', {}, { allow: [] }, 'address-refused'],
    ['a name of such an address', { url: 'http://far.test:1/x' }, { allow: [] }, 'address-refused'],
    ['plain http where it is not allowed', {}, { insecureHttp: false }, 'bad-url'],
    ['a password in the address', { url: 'http://a:b@127.0.0.1/x' }, {}, 'bad-url'],
    ['an unknown host', { url: 'http://no.such.host.invalid/x' }, {}, 'no-such-host'],
    ['a closed port', { url: 'http://127.0.0.1:1/x' }, {}, 'unreachable'],
  ])('does not go to %s', async (_, request, config, reason) => {
    const error = await upload(request, { ...CONFIG, ...config }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ name: 'OutboundError', reason })
    expect(far.seen).toEqual([])
  })

  it('says why the file could not be read', async () => {
    far.answer((request, response) => {
      response.writeContinue()
      request.resume()
    })
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield BYTES.subarray(0, 1_000)
      throw new RangeError('the disk is gone')
    }
    await expect(upload({ open: async () => failing() })).rejects.toThrow('the disk is gone')
    await expect(upload({ open: () => Promise.reject(new RangeError('no file')) })).rejects.toThrow('no file')
  })

  it('is over with the answer, whatever the other server goes on to say', async () => {
    const left = Promise.withResolvers<void>()
    far.answer((_request, response, body) => {
      response.writeContinue()
      response.once('close', left.resolve)
      void body().then(() => {
        response.writeHead(201)
        const fill = () => {
          while (!response.destroyed && response.write(BYTES));
        }
        response.on('drain', fill)
        fill()
      })
    })
    expect((await upload()).status).toBe(201)
    await left.promise
  })

  it('fails when the other server switches to another protocol', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'
    far.answer((request) => void request.socket.end(switching))
    await expect(upload()).rejects.toMatchObject({ reason: 'unreachable' })
  })

  it('ends when it is called off, and when the other server falls silent', async () => {
    far.answer((request, response) => {
      response.writeContinue()
      request.once('data', () => request.pause())
    })
    // More than the buffers of the system between us hold.
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield BYTES
    }
    const large = { sizeBytes: 1e12, open: async () => endless() }
    await expect(upload(large)).rejects.toMatchObject({ reason: 'timeout' })
    const over = new AbortController()
    const running = upload({ ...large, signal: over.signal }, { ...CONFIG, idleTimeoutMs: 20_000 })
    over.abort()
    await expect(running).rejects.toMatchObject({ reason: 'aborted' })
  })
})
