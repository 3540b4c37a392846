import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { receivedSecret } from '../support/received-secret.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, connect, shareAndAccept, type TestUser } from '../support/test-user.ts'

describe('the log and the metrics of two nodes', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let leiden: TestNode
  let krakow: TestNode
  let ann: TestUser
  let jan: TestUser
  let written = ''

  beforeAll(async () => {
    const everything = new Writable({
      write(chunk, _encoding, done) {
        written += String(chunk)
        done()
      },
    })
    mesh = await TestMesh.create(['leiden', 'krakow'], {}, undefined, {
      log: pino({ level: 'trace' }, everything),
    })
    ;[leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    ann = await leiden.addUser('ann')
    jan = await krakow.addUser('jan')
    await ann.dav('MKCOL', '/data')
    await ann.put('/data/a.txt', 'alpha')
  })

  afterAll(() => mesh.close())

  it('hold no password, token or secret, whatever went right or wrong', async () => {
    await connect(ann, jan)
    const { token, inviteString } = await ann.api<{ token: string; inviteString: string }>(
      'POST',
      '/invitations',
      {},
    )
    const app = await ann.api<{ password: string }>('POST', '/me/app-passwords', { label: 'laptop' })
    const { shareId, receivedId } = await shareAndAccept(ann, jan, '/data', 'editor')
    const secret = await receivedSecret(krakow, receivedId)
    const ask = (path: string, authorization?: string, init: RequestInit = {}) =>
      fetch(`${leiden.origin}${path}`, {
        ...init,
        headers: authorization === undefined ? {} : { authorization },
      })
    await ask(`/accept-invite?token=${token}&providerDomain=${leiden.host}`)
    await ask(`/wayf?token=${token}`)
    await ask('/wayf', undefined, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token, server: krakow.host }),
    })
    const form = { token, providerDomain: leiden.host, name: 'ann', password: 'guessed-password' }
    await ask('/accept-invite', undefined, { method: 'POST', body: new URLSearchParams(form) })
    await ask('/api/v1/me', basic('ann', 'guessed-password'))
    await ask('/api/v1/me', `Bearer ${app.password}`)
    await ask(`/api/v1/shares?path=${token}`, ann.authorization)
    await ask(`/dav/ocm/${shareId}/a.txt`, `Bearer ${secret}`)
    await ask(`/dav/ocm/${shareId}/a.txt`, `Bearer ${secret}x`)
    const started = await ask('/login/v2', undefined, { method: 'POST' })
    const { login, poll } = (await started.json()) as { login: string; poll: { token: string } }
    await ask(new URL(login).pathname)
    await ask('/login/v2/poll', undefined, {
      method: 'POST',
      body: new URLSearchParams({ token: poll.token }),
    })
    await jan.dav('GET', '/data/a.txt')
    await jan.call('POST', '/invitations/accept', { token: 'guessed-token', provider: leiden.host })
    await jan.call('POST', '/invitations/accept', { invite: inviteString })
    await ann.api('DELETE', `/shares/${shareId}`)
    const metrics = await (await fetch(`${leiden.opsOrigin}/metrics`)).text()
    const secrets = [
      token,
      inviteString,
      secret,
      'cwat_',
      app.password,
      app.password.slice(-20),
      'guessed-password',
    ]
    secrets.push(
      login.split('/').at(-1) as string,
      poll.token,
      'guessed-token',
      'ann-password',
      'jan-password',
      ann.authorization.slice(6),
    )
    expect(written).toContain('"request"')
    for (const one of secrets) expect([one, (written + metrics).includes(one)]).toEqual([one, false])
    expect(metrics).not.toContain(leiden.folder)
  })

  it('hold no token, password or cookie of a public link, only which share it is', async () => {
    const recipient = { type: 'link', password: 'password of link' }
    const made = await ann.api<{ id: string; link: { url: string } }>('POST', '/shares', {
      ...{ path: '/data', role: 'editor', recipient },
    })
    const token = made.link.url.split('/').at(-1) ?? ''
    const at = (path: string, init?: RequestInit) =>
      fetch(`${leiden.origin}${path}`, { redirect: 'manual', ...init })
    const login = (password: string) =>
      at(`/s/${token}/login`, { method: 'POST', body: new URLSearchParams({ password }) })
    await login('password guessed')
    const cookie = (await login('password of link')).headers.get('set-cookie')?.split(';')[0] ?? ''
    await at(`/s/${token}`, { headers: { cookie } })
    await at(`/s/${token}/download?path=/a.txt`, { headers: { cookie } })
    await at(`/s/${token}.`)
    await at(`/index.php/s/${token}/download`)
    await at(`/public.php/dav/files/${token}/none.txt`)
    await at(`/dav/public/${token}/%00`)
    await at(`/dav/public/${token}/x%`)
    const authorization = basic(token, 'password of link')
    await at('/public.php/webdav/a.txt', { headers: { authorization } })
    await at('/public.php/webdav/a.txt', { headers: { authorization: basic(token, 'password guessed') } })
    const path = '/index.php/apps/federatedfilesharing/createFederatedShare'
    const values = { token, shareWith: jan.address, password: 'password of link' }
    await at(path, { method: 'POST', body: new URLSearchParams(values) })
    await at(path, { method: 'POST', body: new URLSearchParams({ ...values, shareWith: 'nobody' }) })
    const metrics = await (await fetch(`${leiden.opsOrigin}/metrics`)).text()
    expect(metrics).toContain('route="s"')
    const secrets = [token, 'password of link', 'password guessed', cookie.split('=')[1] ?? 'no cookie']
    for (const one of [...secrets, authorization.slice(6)]) {
      expect([one, (written + metrics).includes(one)]).toEqual([one, false])
    }
    const opened = written.split('\n').filter((line) => line.includes('"link opened"'))
    expect(opened.length).toBeGreaterThan(3)
    for (const line of opened)
      expect(JSON.parse(line)).toMatchObject({ shareId: made.id, client: '127.0.0.1' })
  })

  it('are no hurdle to a stop: streams of events end', async () => {
    const answer = await fetch(`${krakow.origin}/api/v1/events`, {
      headers: { authorization: jan.authorization },
    })
    krakow.node.beginStop()
    expect(await answer.text()).toContain('connected')
    expect((await fetch(`${krakow.origin}/readyz`)).status).toBe(503)
  })
})
