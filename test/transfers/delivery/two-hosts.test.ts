import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { DeliveryLab } from './support/delivery-lab.ts'

const MIB = 1024 * 1024
let lab: DeliveryLab

afterEach(() => lab.close())

async function partFiles(): Promise<string[]> {
  const names = await readdir(lab.spaces, { recursive: true })
  return names.filter((name) => name.includes('.part'))
}

describe('two workers on other hosts, over HTTP', () => {
  it.each([
    ['write into the file system they share with the node', true],
    ['send the bytes to the node', false],
  ])('%s, and the node publishes', async (_, isShared) => {
    lab = await DeliveryLab.start({ localSizeLimit: 100_000 })
    const tokens = [await lab.token('one'), await lab.token('two')]
    const args = isShared ? ['--path', lab.spaces, '--slots', '2'] : ['--slots', '2']
    await Promise.all(tokens.map((token) => lab.startWorker(token, args)))
    lab.source.pauseMs = 5
    const large = Array.from({ length: 4 }, (_unused, n) => `/large-${n}`)
    const contents = new Map(large.map((path) => [path, lab.source.put(path, 3 * MIB + 17)]))
    contents.set('/small', lab.source.put('/small', 5000))
    const job = await lab.order([...contents.keys()])
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED', files: { done: 5 } })
    for (const [path, content] of contents)
      expect((await lab.content(`/in${path}`)).equals(content)).toBe(true)
    const files = await lab.files(job.id)
    const movers = files.map(({ worker }) => worker ?? 'node')
    expect(movers.sort()).toEqual(['node', 'one', 'one', 'two', 'two'])
    expect(files.find(({ worker }) => worker === 'one')?.executorWhy).toContain('moved by one')
    expect(await partFiles()).toEqual([])
    for (const path of large) expect(lab.source.gets(path)).toHaveLength(1)
    const { items } = (await lab.admin('GET', '/admin/transfer-workers')) as { items: object[] }
    expect(items).toMatchObject([
      { name: 'one', state: 'working', filesDone: 2, filesFailed: 0, slots: 2, files: [] },
      { name: 'two', state: 'working', filesDone: 2, bytesTotal: 2 * (3 * MIB + 17) },
    ])
    const metrics = await (await fetch(`${lab.node.opsOrigin}/metrics`)).text()
    expect(metrics).toContain('causeway_delivery_files_done{worker="one"} 2')
  })

  it('gives back in order what it moves when it is stopped, and another goes on from there', async () => {
    lab = await DeliveryLab.start({ leaseSeconds: 60 })
    const first = await lab.startWorker(await lab.token('first'))
    lab.source.pauseMs = 10
    const content = lab.source.put('/big', 8 * MIB)
    const job = await lab.order(['/big'])
    await lab.until(([one]) => (one?.bytesDone ?? 0) > MIB)
    lab.source.pauseMs = 1000
    await lab.startWorker(await lab.token('second'))
    first.process.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    lab.source.pauseMs = 0
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.content('/in/big')).equals(content)).toBe(true)
    expect((await lab.files(job.id))[0]).toMatchObject({ worker: 'second', attempts: 1 })
    expect(lab.source.gets('/big').at(-1)?.start).toBeGreaterThan(MIB / 2)
  })

  it('ends what the user pauses and keeps its bytes; resumed, it goes on from there', async () => {
    lab = await DeliveryLab.start()
    await lab.startWorker(await lab.token('one'))
    lab.source.pauseMs = 10
    const content = lab.source.put('/big', 6 * MIB)
    const job = await lab.order(['/big'])
    await lab.until(([one]) => (one?.bytesDone ?? 0) > 2 * MIB)
    lab.source.pauseMs = 100
    const ann = `Basic ${btoa('ann:ann-password')}`
    expect((await lab.call('POST', `/transfers/${job.id}/pause`, ann, {})).status).toBe(200)
    await lab.until((none) => none.length === 0)
    expect((await lab.files(job.id))[0]?.state).not.toBe('DONE')
    lab.source.pauseMs = 0
    expect((await lab.call('POST', `/transfers/${job.id}/resume`, ann, {})).status).toBe(200)
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.content('/in/big')).equals(content)).toBe(true)
    expect((await lab.files(job.id))[0]).toMatchObject({ worker: 'one', attempts: 1 })
    expect(lab.source.gets('/big').at(-1)?.start).toBeGreaterThan(MIB)
  })

  it('drops what the user cancels, and nothing stays', async () => {
    lab = await DeliveryLab.start()
    const child = await lab.startWorker(await lab.token('one'))
    lab.source.pauseMs = 50
    lab.source.put('/big', 8 * MIB)
    const job = await lab.order(['/big'])
    await lab.until(([one]) => (one?.bytesDone ?? 0) > 0)
    await lab.call('POST', `/transfers/${job.id}/cancel`, `Basic ${btoa('ann:ann-password')}`, {})
    expect(await lab.ended(job.id)).toMatchObject({ state: 'CANCELED' })
    expect(await partFiles()).toEqual([])
    lab.source.pauseMs = 0
    const again = lab.source.put('/next', 2 * MIB)
    const next = await lab.order(['/next'])
    expect(await lab.ended(next.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.files(next.id))[0]?.worker).toBe('one')
    expect((await lab.content('/in/next')).equals(again)).toBe(true)
    expect(child.log()).not.toContain('cww_')
  })
})

describe('the operator', () => {
  it('drains a worker: it ends what it has and gets nothing more', async () => {
    lab = await DeliveryLab.start()
    await lab.startWorker(await lab.token('one'), ['--path', lab.spaces, '--slots', '1'])
    lab.source.pauseMs = 20
    lab.source.put('/a', 2 * MIB)
    lab.source.put('/b', MIB)
    const first = await lab.order(['/a'])
    await lab.until(([one]) => one?.state === 'taken')
    expect(await lab.admin('POST', '/admin/transfer-workers/one/drain', {})).toMatchObject({
      state: 'draining',
    })
    const dump = (await lab.admin('GET', '/admin/transfer-dump')) as { items: { worker: string }[] }
    expect(dump.items[0]?.worker).toBe('one')
    const second = await lab.order(['/b'])
    expect(await lab.ended(second.id)).toMatchObject({ state: 'FINISHED' })
    expect(await lab.ended(first.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.files(first.id))[0]?.worker).toBe('one')
    expect((await lab.files(second.id))[0]?.worker).toBeUndefined()
  })

  it('revokes a worker: its program ends with the reason, its file goes to others', async () => {
    lab = await DeliveryLab.start()
    const child = await lab.startWorker(await lab.token('one'))
    lab.source.pauseMs = 20
    const content = lab.source.put('/big', 3 * MIB)
    const job = await lab.order(['/big'])
    await lab.until(([one]) => (one?.bytesDone ?? 0) > MIB)
    await lab.admin('DELETE', '/admin/transfer-workers/one')
    expect(await child.ended).toBe(1)
    expect(child.log()).toContain('no token of a delivery worker')
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.content('/in/big')).equals(content)).toBe(true)
    expect(lab.source.gets('/big').at(-1)?.start).toBeGreaterThan(0)
  })

  it('is alone allowed to let workers in, and a worker may do nothing but deliver', async () => {
    lab = await DeliveryLab.start()
    const ann = `Basic ${btoa('ann:ann-password')}`
    expect((await lab.call('POST', '/admin/transfer-workers', ann, { name: 'x' })).status).toBe(403)
    const token = await lab.token('one')
    expect((await lab.call('POST', '/admin/transfer-workers', ann, { name: 'one' })).status).toBe(403)
    for (const path of ['/transfers', '/admin/transfer-workers', '/me'])
      expect((await lab.call('GET', path, `Bearer ${token}`)).status).toBe(401)
    const wrong = `${token.slice(0, -3)}abc`
    const announcement = { protocol: 1, version: '0.1.0', executors: [], prefixes: [], slots: 1, load: 0 }
    expect((await lab.call('POST', '/delivery/announce', `Bearer ${wrong}`, announcement)).status).toBe(401)
    expect((await lab.call('POST', '/delivery/announce', ann, announcement)).status).toBe(401)
  })
})

describe('the secret of a source', () => {
  it('goes to the worker that has the file, and into no log and no row of a delivery', async () => {
    lab = await DeliveryLab.start()
    const child = await lab.startWorker(await lab.token('one'))
    const ann = `Basic ${btoa('ann:ann-password')}`
    const endpoint = {
      name: 'far',
      kind: 'http',
      url: lab.source.url,
      secrets: { token: 'far-secret-token' },
    }
    expect((await lab.call('POST', '/endpoints', ann, endpoint)).status).toBe(201)
    lab.source.pauseMs = 20
    lab.source.put('/f', 2 * MIB)
    const job = await lab.order(['/f'])
    const rows = await lab.until(([one]) => one?.state === 'taken')
    expect(JSON.stringify(rows)).not.toContain('far-secret-token')
    expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
    expect((await lab.files(job.id))[0]?.worker).toBe('one')
    expect(lab.source.gets('/f')[0]?.authorization).toBe('Bearer far-secret-token')
    expect(child.log() + child.output()).not.toContain('far-secret-token')
  })
})

describe('the command', () => {
  it('adds, lists, drains and revokes workers', async () => {
    lab = await DeliveryLab.start()
    const root = { CAUSEWAY_URL: lab.node.origin, CAUSEWAY_USER: 'root', CAUSEWAY_PASSWORD: 'root-password' }
    const run = async (...args: string[]) => {
      const child = await lab.run(['worker', ...args], root)
      expect(await child.ended).toBe(0)
      return child.output()
    }
    const token = (await run('add', 'fast-1')).trim()
    expect(token).toMatch(/^cww_[0-9a-f]{32}_/)
    await lab.startWorker(token)
    expect(await run('list')).toMatch(/fast-1\s+working/)
    expect(await run('drain', 'fast-1')).toContain('fast-1 is draining')
    expect(await run('resume', 'fast-1')).toContain('fast-1 is working')
    await run('revoke', 'fast-1')
    expect(await run('list')).toBe('')
    const { secret_hash: hash } = (await lab.node.node.db('delivery_hosts').first()) ?? {
      secret_hash: undefined,
    }
    expect(hash).toBeUndefined()
  })
})

describe('a worker of another version', () => {
  it('is refused with both versions and what to do', async () => {
    lab = await DeliveryLab.start()
    const token = await lab.token('old')
    const announcement = { protocol: 1, version: '9.9.1', executors: ['stream'], prefixes: [], slots: 1 }
    const answer = await lab.call('POST', '/delivery/announce', `Bearer ${token}`, announcement)
    expect(answer.status).toBe(426)
    const { code, detail } = (await answer.json()) as { code: string; detail: string }
    expect(code).toBe('VERSION_MISMATCH')
    expect(detail).toMatch(/runs version 0\.1\.0 .* the worker 9\.9\.1 .* Install version 0\.1 /)
  })
})

it('a folder under the shared name that is another one is found out, and the node does it itself', async () => {
  lab = await DeliveryLab.start()
  const elsewhere = join(lab.node.folder, 'elsewhere')
  await lab.startWorker(await lab.token('wrong'), ['--path', `${lab.spaces}=${elsewhere}`])
  const content = lab.source.put('/f', 2 * MIB)
  const job = await lab.order(['/f'])
  expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
  expect((await lab.content('/in/f')).equals(content)).toBe(true)
  expect((await lab.files(job.id))[0]).toMatchObject({ attempts: 1 })
  const attempts = await lab.node.node.db('transfer_attempts').select('worker', 'error_code')
  expect(attempts).toEqual([{ worker: 'wrong', error_code: 'NOT_SHARED' }])
})
