import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { type CopyScript, FakeCopier } from '../fakes/tpc/fake-copier.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { until } from '../support/test-user.ts'
import { FakeClock } from './support/fake-clock.ts'
import { ADMIN, insertUser, TestEngine } from './support/test-engine.ts'

const bytes = randomBytes(300_000)
let database: TestDatabase
let engine: TestEngine
let from: FakeCopier
let to: FakeCopier

/** New servers for every test: what was learnt of others is kept by their address. */
beforeEach(async () => {
  database = await createTestDatabase('sqlite')
  ;[from, to] = await Promise.all([FakeCopier.start(), FakeCopier.start()])
  from.files.set('/data.bin', bytes)
  engine = await TestEngine.start({
    db: database.db,
    sourceUrl: 'http://127.0.0.1:1',
    config: { maxTries: 3 },
  })
  return async () => {
    await engine.close()
    await Promise.all([from.close(), to.close(), database.close()])
  }
})

const order = (more: object = {}) => ({
  source: { url: `${from.origin}/data.bin` },
  destination: { url: `${to.origin}/copy.bin` },
  ...more,
})
const asked = { executor: 'third-party' } as const

async function run(more: object = {}) {
  const job = await engine.run(order(more))
  const [file] = await engine.files(job.id)
  return { job, file }
}

/** The first copy goes as scripted, the next ones well. */
function once(script: CopyScript): void {
  to.script = async (copy) => {
    to.script = undefined
    await script(copy)
  }
}

describe('what is ordered', () => {
  it('is a pull at the destination, in the spelling that every server knows', async () => {
    const { job, file } = await run()
    expect(job.state).toBe('FINISHED')
    expect(file).toMatchObject({ executor: 'third-party', verified: 'checksum' })
    expect(to.files.get('/copy.bin')?.equals(bytes)).toBe(true)
    const [copy] = to.asked('COPY')
    expect(copy?.headers).toMatchObject({
      source: `${from.origin}/data.bin`,
      credential: 'none',
      overwrite: 'F',
      'x-number-of-streams': '1',
    })
    for (const name of ['Source', 'Credential', 'Overwrite', 'X-Number-Of-Streams'])
      expect(copy?.names).toContain(name)
  })

  it('asks for as many streams as were ordered', async () => {
    await run({ options: { streams: 6 } })
    expect(to.asked('COPY')[0]?.headers['x-number-of-streams']).toBe('6')
  })

  it('asks for the comparison of checksums once both ends are known to have some', async () => {
    await run()
    await run({ destination: { url: `${to.origin}/second.bin` } })
    const [first, second] = to.asked('COPY')
    expect(first?.headers.requirechecksumverification).toBeUndefined()
    expect(second?.headers.requirechecksumverification).toBe('true')
  })

  it('is a push at the source where the destination does not copy', async () => {
    to.isCopier = false
    const { job, file } = await run()
    expect(job.state).toBe('FINISHED')
    expect(file?.executorWhy).toContain('sends to')
    expect(from.asked('COPY')[0]?.headers.destination).toBe(`${to.origin}/copy.bin`)
    expect(to.files.get('/copy.bin')?.equals(bytes)).toBe(true)
  })

  it('is streamed through here where neither does, and the next file is not even tried', async () => {
    to.isCopier = from.isCopier = false
    const { job, file } = await run()
    expect(job.state).toBe('FINISHED')
    expect(file).toMatchObject({ executor: 'stream' })
    expect(file?.executorWhy).toContain('does not copy with other servers')
    const tried = to.asked('COPY').length + from.asked('COPY').length
    await run({ destination: { url: `${to.origin}/second.bin` } })
    expect(to.asked('COPY').length + from.asked('COPY').length).toBe(tried)
  })

  it('is a push for a place that the destination does not know, which says nothing of the next file', async () => {
    to.script = ({ response }) => {
      to.script = undefined
      response.writeHead(400).end('Unable to create /copy.bin; no such file or directory')
    }
    expect((await run()).file?.executorWhy).toContain('sends to')
    const next = await run({ destination: { url: `${to.origin}/second.bin` } })
    expect(next.file?.executorWhy).toContain('fetches from')
  })

  it('fails with both refusals where this way was asked for by name', async () => {
    to.isCopier = from.isCopier = false
    const { job } = await run(asked)
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'UNSUPPORTED_HERE' } })
  })

  it('is not possible for a drive, which says so', async () => {
    const { job } = await run({ ...asked, destination: { path: '/here.bin' } })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'UNSUPPORTED_HERE' } })
  })
})

describe('credentials', () => {
  const secrets = { source: 'source-secret', destination: 'destination-secret' }

  async function endpoints(ofSource: object = { secrets: { token: secrets.source } }) {
    from.authorization = `Bearer ${secrets.source}`
    to.authorization = `Bearer ${secrets.destination}`
    const [source, destination] = [`from-${from.origin.slice(-5)}`, `to-${to.origin.slice(-5)}`]
    const common = { kind: 'webdav', thirdPartyCopy: 'yes' }
    await engine.call('createEndpoint', { body: { name: source, url: from.origin, ...common, ...ofSource } })
    await engine.call('createEndpoint', {
      body: { name: destination, url: to.origin, ...common, secrets: { token: secrets.destination } },
    })
    return {
      source: { endpoint: source, path: '/data.bin' },
      destination: { endpoint: destination, path: '/copy.bin' },
    }
  }

  it('go to the servers they open, and the one of the source to the destination by its own header', async () => {
    const { job } = await run(await endpoints())
    expect(job.state).toBe('FINISHED')
    const [copy] = to.asked('COPY')
    expect(copy?.headers.authorization).toBe(`Bearer ${secrets.destination}`)
    expect(copy?.headers.transferheaderauthorization).toBe(`Bearer ${secrets.source}`)
    expect(copy?.names).toContain('TransferHeaderAuthorization')
    expect(JSON.stringify(from.seen)).not.toContain(secrets.destination)
  })

  it('are tokens for the one file where the source gives such', async () => {
    from.macaroon = 'scoped-token'
    const { job } = await run(await endpoints())
    expect(job.state).toBe('FINISHED')
    expect(to.asked('COPY')[0]?.headers.transferheaderauthorization).toBe('Bearer scoped-token')
    expect(JSON.stringify(to.seen)).not.toContain(secrets.source)
    expect(from.asked('POST')[0]?.path).toBe('/data.bin')
  })

  it('are never passwords: such a file is streamed through here', async () => {
    const basic = { parameters: { user: 'ann' }, secrets: { password: 'hunter22' } }
    const ends = await endpoints(basic)
    from.authorization = `Basic ${Buffer.from('ann:hunter22').toString('base64')}`
    from.isCopier = false
    const { job, file } = await run(ends)
    expect(job.state).toBe('FINISHED')
    expect(file).toMatchObject({ executor: 'stream' })
    expect(file?.executorWhy).toContain('password')
    expect(JSON.stringify(to.seen)).not.toContain(from.authorization.slice(6))
  })

  it('of the operator are not handed to the server of a user: such a file is streamed through here', async () => {
    await insertUser(database.db, ADMIN)
    from.authorization = `Bearer ${secrets.source}`
    from.isCopier = false
    const common = { kind: 'webdav', url: from.origin, thirdPartyCopy: 'yes' }
    const shared = { name: 'of-all', shared: true, secrets: { token: secrets.source } }
    await engine.call('createEndpoint', { body: { ...common, ...shared } }, ADMIN)
    const { job, file } = await run({ source: { endpoint: 'of-all', path: '/data.bin' } })
    expect(job.state).toBe('FINISHED')
    expect(file).toMatchObject({ executor: 'stream' })
    expect(JSON.stringify(to.seen)).not.toContain(secrets.source)
  })

  it('are not sent on by a redirect to another server', async () => {
    const thief = await FakeCopier.start()
    to.script = ({ response }) => void response.writeHead(307, { Location: `${thief.origin}/copy.bin` }).end()
    const ends = await endpoints()
    await run({ ...ends, ...asked })
    expect(thief.asked('COPY')).toHaveLength(1)
    expect(JSON.stringify(thief.seen)).not.toMatch(/source-secret|destination-secret/)
    await thief.close()
  })

  it('that the source refuses lead to a stream through here, and are named where that is not allowed', async () => {
    const ends = await endpoints()
    from.isCopier = false
    once((copy) => {
      copy.accept()
      copy.end(`failure: status code 401, sent Bearer ${secrets.source}`)
    })
    expect((await run(ends)).file).toMatchObject({ executor: 'stream', state: 'DONE' })
    once((copy) => {
      copy.accept()
      copy.end(`failure: status code 401, sent Bearer ${secrets.source}`)
    })
    const { job } = await run({ ...ends, ...asked, overwrite: 'always' })
    expect(job.error?.message).toContain('401')
    expect(JSON.stringify(job)).not.toContain(secrets.source)
  })
})

describe('a copy that fails', () => {
  it.each<[string, CopyScript, string]>([
    [
      'the trailer names a status',
      (copy) => {
        copy.accept()
        copy.end('failure: Remote side failed with status code 503; error message: "busy"')
      },
      'HTTP_503',
    ],
    [
      'the copying server gives up',
      (copy) => {
        copy.accept()
        copy.marker(1_000)
        copy.end('aborted: going down')
      },
      'COPY_ABORTED',
    ],
    [
      'the connection breaks',
      (copy) => {
        copy.accept()
        copy.marker(1_000)
        copy.cut()
      },
      'COPY_CUT',
    ],
    [
      'the answer ends without a trailer',
      (copy) => {
        copy.accept()
        copy.marker(1_000)
        copy.end()
      },
      'COPY_CUT',
    ],
    ['the copying server is busy', ({ response }) => void response.writeHead(503).end('later'), 'HTTP_503'],
    [
      'half of the file is left under its name',
      (copy) => {
        copy.accept()
        to.files.set('/copy.bin', bytes.subarray(0, 1_000))
        copy.end('failure: Transferred a partial file')
      },
      'SHORT_BODY',
    ],
    [
      'it is called a success and half of it is there',
      (copy) => {
        copy.accept()
        to.files.set('/copy.bin', bytes.subarray(0, 1_000))
        copy.end('success: Created')
      },
      'SIZE_MISMATCH',
    ],
    [
      'it is called a success and other bytes are there',
      (copy) => {
        copy.accept()
        to.files.set('/copy.bin', randomBytes(bytes.length))
        copy.end('success: Created')
      },
      'CHECKSUM_MISMATCH',
    ],
    [
      'it is called a success and nothing is there',
      (copy) => {
        copy.accept()
        copy.end('success: Created')
      },
      'COPY_MISSING',
    ],
    [
      'the checksums differ there',
      (copy) => {
        copy.accept()
        copy.end('failure: checksum mismatch')
      },
      'CHECKSUM_MISMATCH',
    ],
  ])('because %s is tried again, from nothing', async (_, script, code) => {
    from.isCopier = false
    let leftOver: number | undefined = -1
    to.script = (copy) => {
      to.script = (second) => {
        leftOver = to.files.get('/copy.bin')?.length
        to.script = undefined
        second.accept()
        to.files.set('/copy.bin', bytes)
        second.end('success: Created')
      }
      return script(copy)
    }
    const { job, file } = await run({ ...asked, overwrite: 'never' })
    expect(job.state).toBe('FINISHED')
    expect(leftOver).toBeUndefined()
    expect(to.files.get('/copy.bin')?.equals(bytes)).toBe(true)
    const params = { id: job.id, fileId: file?.id }
    const attempts = await engine.call('listTransferAttempts', { params })
    expect(attempts).toMatchObject({ items: [{ attempt: 1, error: { code } }] })
  })

  it('is left to a stream at the next try, which says why', async () => {
    to.script = (copy) => {
      copy.accept()
      copy.end('failure: connection refused')
    }
    from.isCopier = false
    const { job, file } = await run()
    expect(job.state).toBe('FINISHED')
    expect(file).toMatchObject({ executor: 'stream' })
    expect(file?.executorWhy).toContain('connection refused')
  })

  it.each([
    ['Remote side failed with status code 404', 'HTTP_404'],
    ['No such file or directory', 'HTTP_404'],
  ])('for good (%s) is not tried again', async (text, code) => {
    to.script = (copy) => {
      copy.accept()
      copy.end(`failure: ${text}`)
    }
    const { job } = await run()
    expect(job).toMatchObject({ state: 'FAILED', error: { code } })
    expect(to.asked('COPY')).toHaveLength(1)
  })

  it('because of a full disk waits for room', async () => {
    to.script = (copy) => {
      copy.accept()
      copy.end('failure: 507 No space left on device')
    }
    const job = await engine.submit(order())
    const file = await engine.untilFile(job.id, (one) => one.error !== undefined && one.error !== null)
    expect(file).toMatchObject({ error: { code: 'NO_SPACE', location: 'ERROR_DESTINATION' } })
    await engine.call('cancelTransfer', { params: { id: job.id } })
  })

  it('leaves alone what somebody else put there meanwhile', async () => {
    once((copy) => {
      to.files.set('/copy.bin', Buffer.from('of somebody else'))
      copy.accept()
      copy.end('failure: file exists')
    })
    const { job } = await run({ ...asked, overwrite: 'never' })
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'DESTINATION_EXISTS' } })
    expect(String(to.files.get('/copy.bin'))).toBe('of somebody else')
  })
})

describe('a copy that says little', () => {
  it('with 201 and no word is believed only when the file is there', async () => {
    to.script = (copy) => {
      to.files.set('/copy.bin', bytes)
      copy.accept(201)
      copy.end()
    }
    const { job, file } = await run(asked)
    expect(job.state).toBe('FINISHED')
    expect(file?.verified).toBe('checksum')
  })

  it('with 201 and no file is another kind of COPY, and another way is taken', async () => {
    to.script = (copy) => {
      copy.accept(201)
      copy.end()
    }
    const { job, file } = await run()
    expect(job.state).toBe('FINISHED')
    expect(file?.executorWhy).toContain('sends to')
  })

  it('is verified by size where neither end has checksums', async () => {
    from.tellsDigests = to.tellsDigests = false
    const { job, file } = await run(asked)
    expect(job.state).toBe('FINISHED')
    expect(file?.verified).toBe('size')
  })

  it('tells bytes by stripes, indented or not', async () => {
    const reached = Promise.withResolvers<void>()
    to.script = async (copy) => {
      copy.accept()
      copy.marker(100_000, { stripe: 0, stripes: 2, eol: '\r\n', indent: '' })
      copy.marker(50_000, { stripe: 1, stripes: 2 })
      await reached.promise
      to.files.set('/copy.bin', bytes)
      copy.end('SUCCESS')
    }
    const job = await engine.submit(order(asked))
    await engine.until(job.id, ({ bytes: { done } }) => done === 150_000)
    reached.resolve()
    expect(await engine.ended(job.id)).toMatchObject({ state: 'FINISHED', bytes: { done: bytes.length } })
  })

  it('is given up after 120 s without a marker, and ordered again', async () => {
    from.isCopier = false
    const clock = new FakeClock()
    const patient = await TestEngine.start({
      db: database.db,
      sourceUrl: 'http://127.0.0.1:1',
      folder: engine.folder,
      clock,
      workerId: 'patient',
    })
    await engine.close({ keepFolder: true })
    const begun = Promise.withResolvers<{ left: Promise<void> }>()
    once((copy) => {
      copy.accept()
      copy.marker(1_000)
      begun.resolve(copy)
    })
    const job = await patient.submit(order(asked))
    const { left } = await tick(clock, begun.promise)
    await tick(clock, left, 10_000)
    const ended = await tick(clock, patient.ended(job.id), 1_000)
    expect(ended.state).toBe('FINISHED')
    expect(to.asked('COPY')).toHaveLength(2)
    await patient.close()
  })
})

/** Moves the clock until something has happened. */
async function tick<T>(clock: FakeClock, wanted: Promise<T>, stepMs = 100): Promise<T> {
  let isOver = false
  const over = wanted.finally(() => {
    isOver = true
  })
  while (!isOver) {
    clock.advance(stepMs)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return await over
}

describe('a copy that is called off', () => {
  it('ends at the copying server, whose half file is removed', async () => {
    const begun = Promise.withResolvers<{ left: Promise<void> }>()
    to.script = (copy) => {
      copy.accept()
      to.files.set('/copy.bin', bytes.subarray(0, 1_000))
      copy.marker(1_000)
      begun.resolve(copy)
    }
    const job = await engine.submit(order(asked))
    const { left } = await begun.promise
    await engine.call('cancelTransfer', { params: { id: job.id } })
    await left
    expect(await engine.ended(job.id)).toMatchObject({ state: 'CANCELED' })
    await until(
      async () => to.files.has('/copy.bin'),
      (isThere) => !isThere,
    )
  })
})
