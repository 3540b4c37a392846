import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { connect, TestUser, until } from '../support/test-user.ts'

interface Push {
  id: string
  state: string
  asksForCopy?: boolean
  verified?: boolean
  files?: number
  sizeBytes?: number
  reason?: string
  label?: string
}

interface Received {
  id: string
  name: string
  state: string
  transferOffered: boolean
  sizeBytes?: number
  mountPath?: string
  copy?: { state: string; path: string; transferId?: string; error?: { code: string } }
}

interface Failure {
  code: string
}

describe('data that is pushed to somebody on another node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser
  let chief: TestUser

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden', 'krakow'])
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await connect(ann, jan)
    await krakow.node.accounts.addUser({ name: 'chief', password: 'chief-password', isAdmin: true })
    const { origin, host } = krakow
    chief = new TestUser({ name: 'chief', password: 'chief-password', origin, host })
  })
  afterAll(() => mesh.close())

  let count = 0
  /** A folder of Ann's with three files. */
  const newData = async (bytes = 1000) => {
    const path = `/data-${++count}`
    await ann.dav('MKCOL', path)
    await ann.dav('MKCOL', `${path}/sub`)
    await ann.put(`${path}/a.csv`, 'alpha')
    await ann.put(`${path}/sub/b.csv`, 'beta')
    await ann.put(`${path}/sub/c.bin`, new Uint8Array(randomBytes(bytes)))
    return path
  }
  const push = (path: string, more: object = {}) =>
    ann.api<Push>('POST', '/transfers/push', { path, shareWith: jan.address, ...more })
  const offered = async (path: string): Promise<Received> => {
    const { items } = await jan.api<{ items: Received[] }>('GET', '/received-shares')
    const found = items.find(({ name }) => `/${name}` === path)
    if (found === undefined) throw new Error(`${path} has not arrived`)
    return found
  }
  const accept = (id: string, body: object) =>
    jan.call<Received & Failure>('POST', `/received-shares/${id}/accept`, body)
  const seen = (id: string) => ann.api<Push>('GET', `/transfer-pushes/${id}`)
  const untilSeen = (id: string, state: string) =>
    until(
      () => seen(id),
      (one) => one.state === state,
    )
  const mine = (id: string) => jan.api<Received>('GET', `/received-shares/${id}`)

  it('is copied to where the recipient says, verified, and the sender sees how far it is', async () => {
    const path = await newData()
    const made = await push(path, { note: 'please take it', label: 'run 7' })
    expect(made).toMatchObject({ state: 'offered', asksForCopy: true, label: 'run 7' })
    const share = await offered(path)
    expect(share).toMatchObject({ state: 'pending', transferOffered: true, sizeBytes: 1009 })
    const taken = await accept(share.id, { copyTo: '/inbox/run-7' })
    expect(taken).toMatchObject({ status: 200, body: { state: 'accepted', copy: { path: '/inbox/run-7' } } })
    expect(await untilSeen(made.id, 'copied')).toMatchObject({ verified: true, files: 3, sizeBytes: 1009 })
    expect(await jan.names('/inbox/run-7/sub/')).toEqual(['b.csv', 'c.bin'])
    const after = await mine(share.id)
    expect(after).toMatchObject({ state: 'accepted', copy: { state: 'copied' } })
    expect(after.mountPath).toBeUndefined()
    expect(await jan.names('/')).toEqual(['inbox'])
    const { items } = await ann.api<{ items: Push[] }>('GET', '/transfer-pushes')
    expect(items.map(({ id }) => id)).toContain(made.id)
  })

  it('ends its share once the copy is verified, where it was to be copied once', async () => {
    const path = await newData()
    const { id } = await push(path, { once: true })
    await accept((await offered(path)).id, { copyTo: '/inbox/' })
    expect(await untilSeen(id, 'copied')).toMatchObject({ verified: true, once: true })
    await until(
      () => offered(path),
      (share) => share.state === 'revoked',
    )
    expect(await jan.names(`/inbox${path}/`)).toEqual(['a.csv', 'sub'])
    expect((await offered(path)).copy?.state).toBe('copied')
  })

  it('is a share as any other for who just accepts it, and can be copied later', async () => {
    const path = await newData()
    const { id } = await push(path)
    const share = await offered(path)
    expect((await accept(share.id, {})).body.mountPath).toBe(path)
    expect(await untilSeen(id, 'accepted')).not.toHaveProperty('verified')
    expect(await jan.names(`${path}/`)).toEqual(['a.csv', 'sub'])
    expect((await accept(share.id, { copyTo: '/inbox/later' })).body.mountPath).toBe(path)
    await untilSeen(id, 'copied')
    expect(await jan.names('/inbox/later/')).toEqual(['a.csv', 'sub'])
  })

  it('can be put into the drive after it was copied', async () => {
    const path = await newData()
    await push(path)
    const share = await offered(path)
    await accept(share.id, { copyTo: '/inbox/both' })
    expect((await accept(share.id, { name: 'live' })).body.mountPath).toBe('/live')
    expect(await jan.names('/live/')).toEqual(['a.csv', 'sub'])
    await jan.api('DELETE', `/received-shares/${share.id}`)
  })

  it('is not copied over what is there, unless that is said', async () => {
    const path = await newData()
    const { id } = await push(path)
    const share = await offered(path)
    await jan.dav('MKCOL', '/busy')
    await jan.put('/busy/mine.txt', 'mine')
    const refused = await accept(share.id, { copyTo: '/busy' })
    expect(refused).toMatchObject({ status: 409, body: { code: 'DESTINATION_EXISTS' } })
    expect(await mine(share.id)).toMatchObject({ state: 'pending' })
    expect((await accept(share.id, { copyTo: '/busy', overwrite: true })).status).toBe(200)
    await untilSeen(id, 'copied')
    expect(await jan.names('/busy/')).toEqual(['a.csv', 'mine.txt', 'sub'])
  })

  it.each([
    [{ copyTo: '/inbox/../../etc' }, undefined],
    [{ copyTo: '/inbox/x', name: 'y' }, undefined],
    [{ copyTo: '' }, 'INVALID_INPUT'],
    [{ copyTo: '/inbox/x', secretly: true }, 'INVALID_INPUT'],
  ])('is not copied to %j', async (body, code) => {
    const path = await newData()
    await push(path)
    const share = await offered(path)
    const { status, body: said } = await accept(share.id, body)
    expect(status).toBe(400)
    if (code !== undefined) expect(said.code).toBe(code)
    expect(await mine(share.id)).toMatchObject({ state: 'pending' })
  })

  it('is copied once at a time, whoever asks', async () => {
    const path = await newData(100_000)
    await push(path)
    const share = await offered(path)
    const both = await Promise.all(['/one', '/two'].map((copyTo) => accept(share.id, { copyTo })))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409])
    expect(both.find(({ status }) => status === 409)?.body.code).toBe('COPY_UNDER_WAY')
  })

  it('is not begun where there is no room for it, and stays for later', async () => {
    const small = await krakow.addUser('small')
    const { id: userId } = await small.api<{ id: string }>('GET', '/me')
    await krakow.node.db('users').where({ id: userId }).update({ quota_bytes: 5_000 })
    await connect(ann, small)
    const path = await newData(20_000)
    const { id } = await push(path, { shareWith: small.address })
    const { items } = await small.api<{ items: Received[] }>('GET', '/received-shares')
    const receivedId = items[0]?.id ?? ''
    const refused = await small.call<Failure>('POST', `/received-shares/${receivedId}/accept`, {
      copyTo: '/x',
    })
    expect(refused).toMatchObject({ status: 507, body: { code: 'INSUFFICIENT_STORAGE' } })
    expect(await seen(id)).toMatchObject({ state: 'offered' })
    expect(await small.names('/')).toEqual([])
  })

  const holdBack = (isHeld: boolean) =>
    chief.api('PATCH', `/admin/transfer-links/${encodeURIComponent(`${leiden.host}>here`)}`, {
      isPaused: isHeld,
    })

  it.each([
    ['while its files are listed', false],
    ['while they wait', true],
  ])('ends with the share that is withdrawn during the copy, %s', async (_, isListed) => {
    await holdBack(true)
    const path = await newData()
    const { id } = await push(path)
    const share = await offered(path)
    const { body } = await accept(share.id, { copyTo: `/inbox/withdrawn-${isListed}` })
    const jobId = body.copy?.transferId ?? ''
    await untilSeen(id, 'copying')
    const isComplete = (job: { files: { total: number } }) => !isListed || job.files.total === 3
    await until(() => jan.api<{ files: { total: number } }>('GET', `/transfers/${jobId}`), isComplete)
    await ann.api('DELETE', `/shares/${id}`)
    const after = await until(
      () => mine(share.id),
      (one) => one.copy?.state === 'failed',
    )
    expect(after).toMatchObject({ state: 'revoked', copy: { error: { code: 'SHARE_GONE' } } })
    const { state } = await jan.untilEnded(jobId)
    // Whoever lists the files may find them gone before the job is ended.
    expect(isListed ? ['CANCELED'] : ['CANCELED', 'FAILED']).toContain(state)
    expect(await seen(id)).toMatchObject({ state: 'revoked' })
    await holdBack(false)
  })

  it('fails for the sender, too, when the recipient cancels it, and is gone on with at the same place', async () => {
    await holdBack(true)
    const path = await newData()
    const { id } = await push(path)
    const share = await offered(path)
    const { body } = await accept(share.id, { copyTo: '/inbox/again' })
    await jan.api('POST', `/transfers/${body.copy?.transferId}/cancel`)
    expect(await untilSeen(id, 'failed')).toMatchObject({ reason: 'CANCELED' })
    await holdBack(false)
    expect((await accept(share.id, { copyTo: '/inbox/again' })).status).toBe(200)
    expect(await untilSeen(id, 'copied')).toMatchObject({ verified: true })
  })

  it('is heard of when its transfer is tried again', async () => {
    await holdBack(true)
    const path = await newData()
    const { id } = await push(path)
    const { body } = await accept((await offered(path)).id, { copyTo: '/inbox/retried' })
    await jan.api('POST', `/transfers/${body.copy?.transferId}/cancel`)
    await untilSeen(id, 'failed')
    await holdBack(false)
    await jan.api('POST', `/transfers/${body.copy?.transferId}/retry`)
    expect(await untilSeen(id, 'copied')).toMatchObject({ verified: true, files: 3 })
  })

  it('waits for a sender whose node is away', async () => {
    const path = await newData()
    const { id } = await push(path)
    const share = await offered(path)
    const { folder, host } = leiden
    await leiden.close()
    const { body } = await accept(share.id, { copyTo: '/inbox/patient' })
    expect(body.copy?.state).toBe('copying')
    leiden = await mesh.start('leiden', {}, { folder, port: Number(host.split(':')[1]) })
    Object.assign(ann, { origin: leiden.origin })
    expect(await untilSeen(id, 'copied')).toMatchObject({ verified: true })
    expect(await jan.names('/inbox/patient/')).toEqual(['a.csv', 'sub'])
  }, 60_000)

  it('is refused for strangers, for unknown contacts, for the whole drive, and twice', async () => {
    const path = await newData()
    const refusal = async (body: object) => {
      const { status, body: said } = await ann.call<Failure>('POST', '/transfers/push', body)
      return [status, said.code]
    }
    expect(await refusal({ path, shareWith: jan.address, contact: 'x' })).toEqual([400, 'INVALID_INPUT'])
    expect(await refusal({ path })).toEqual([400, 'INVALID_INPUT'])
    expect(await refusal({ path, contact: 'x' })).toEqual([400, 'CONTACT_UNKNOWN'])
    expect((await refusal({ path: '/', shareWith: jan.address }))[0]).toBe(400)
    expect((await refusal({ path: '/nowhere', shareWith: jan.address }))[0]).toBe(404)
    expect((await refusal({ path, shareWith: `nobody@${krakow.host}` }))[0]).toBeGreaterThanOrEqual(400)
    const late = { path, shareWith: jan.address, expiresAt: '2001-01-01T00:00:00Z' }
    expect((await refusal(late))[0]).toBe(400)
    const { items } = await ann.api<{ items: { id: string; userId: string }[] }>('GET', '/contacts')
    const contact = items.find(({ userId }) => userId === 'jan')?.id
    expect(await refusal({ path, contact })).toEqual([201, undefined])
    expect(await refusal({ path, contact })).toEqual([409, 'ALREADY_SHARED'])
    expect((await jan.call('GET', `/transfer-pushes/${(await offered(path)).id}`)).status).toBe(404)
  })

  it('does not go to a node that is denied, nor come from one', async () => {
    const path = await newData()
    await krakow.node.ocm.trust.add(leiden.host, 'denied')
    const refused = await ann.call<Failure>('POST', '/transfers/push', { path, shareWith: jan.address })
    expect(refused.status).toBeGreaterThanOrEqual(400)
    await krakow.node.ocm.trust.remove(leiden.host, 'denied')
    await expect(offered(path)).rejects.toThrow('has not arrived')
    const { items } = await ann.api<{ items: { path: string }[] }>('GET', '/transfer-pushes')
    expect(items.map((one) => one.path)).not.toContain(path)
  })

  it('is copied from a user of the same node as well', async () => {
    const bob = await leiden.addUser('bob')
    const path = await newData()
    const { id } = await push(path, { shareWith: 'bob', once: true })
    const { items } = await bob.api<{ items: Received[] }>('GET', '/received-shares')
    expect(items[0]).toMatchObject({ transferOffered: true })
    await bob.api('POST', `/received-shares/${items[0]?.id}/accept`, { copyTo: '/mine' })
    await untilSeen(id, 'copied')
    expect(await bob.names('/')).toEqual(['mine'])
    expect(await bob.names('/mine/sub/')).toEqual(['b.csv', 'c.bin'])
  })

  describe('by a contact whose offers are taken unasked', () => {
    let contactId: string

    beforeAll(async () => {
      const { items } = await jan.api<{ items: { id: string; userId: string }[] }>('GET', '/contacts')
      contactId = items.find(({ userId }) => userId === 'ann')?.id ?? ''
    })
    const consent = (autoCopyTo: string | null) =>
      jan.api<{ autoCopyTo?: string }>('PATCH', `/contacts/${contactId}`, { autoCopyTo })

    it('is copied into the folder that was said, under a free name, and not what came before', async () => {
      const before = await newData()
      await push(before)
      expect(await consent('/Incoming/')).toMatchObject({ autoCopyTo: '/Incoming' })
      const path = await newData()
      await jan.dav('MKCOL', '/Incoming')
      await jan.dav('MKCOL', `/Incoming${path}`)
      const { id } = await push(path)
      expect(await untilSeen(id, 'copied')).toMatchObject({ verified: true })
      expect(await jan.names('/Incoming/')).toEqual([path.slice(1), `${path.slice(1)} (2)`])
      expect(await offered(before)).toMatchObject({ state: 'pending' })
    })

    it('waits for an answer where there is no room', async () => {
      const { id: userId } = await jan.api<{ id: string }>('GET', '/me')
      await krakow.node.db('users').where({ id: userId }).update({ quota_bytes: 10 })
      const path = await newData()
      await push(path)
      const share = await until(
        () => offered(path),
        (one) => one.copy !== undefined,
      )
      expect(share).toMatchObject({
        state: 'pending',
        copy: { state: 'refused', error: { code: 'INSUFFICIENT_STORAGE' } },
      })
      await krakow.node.db('users').where({ id: userId }).update({ quota_bytes: null })
      expect((await accept(share.id, { copyTo: '/inbox/asked' })).status).toBe(200)
    })

    it('asks again once that is taken back', async () => {
      expect(await consent(null)).not.toHaveProperty('autoCopyTo')
      const path = await newData()
      await push(path)
      const witness = await newData()
      await push(witness)
      await accept((await offered(witness)).id, { copyTo: '/inbox/witness' })
      expect(await offered(path)).toMatchObject({ state: 'pending' })
      expect((await offered(path)).copy).toBeUndefined()
    })

    it('must be a contact of mine, and a folder', async () => {
      const foreign = await ann.call('PATCH', `/contacts/${contactId}`, { autoCopyTo: '/x' })
      expect(foreign.status).toBe(404)
      const bad = await jan.call('PATCH', `/contacts/${contactId}`, { autoCopyTo: '/../x' })
      expect(bad.status).toBe(400)
    })
  })
})
