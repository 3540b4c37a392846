import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, initNode } from '../../src/admin.ts'
import { serve } from '../../src/main.ts'
import { createCli } from './support/cli.ts'

let folder: string
let node: Awaited<ReturnType<typeof serve>>
let cli: ReturnType<typeof createCli>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-groups-'))
  await initNode(folder, { publicUrl: 'http://leiden.test', admin: 'ann', password: 'ann-password' })
  for (const name of ['ben', 'cat']) await addUser(folder, { name, password: `${name}-password` })
  node = await serve(folder, { port: 0 })
  cli = createCli(join(folder, 'profile'))
})

afterAll(async () => {
  await node.stop()
  await rm(folder, { recursive: true })
})

const as = (user: string) => ({ env: { url: node.url, user, password: `${user}-password` } })

/** What a command prints with `--json`: one object a line. */
async function run(args: string[], options?: Parameters<typeof cli>[1]): Promise<Record<string, unknown>[]> {
  const answer = await cli([...args, '--json'], options)
  expect(answer, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
  return answer.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describe('causeway group', () => {
  it('changes who may see what is shared with a group while the node runs', async () => {
    await run(['group', 'add', folder, 'sky', '--display-name', 'Sky watchers'])
    expect(await run(['group', 'join', folder, 'sky', 'ben'])).toMatchObject([{ joined: true }])
    await run(['mkdir', 'drive:/stars'], as('ann'))
    await run(['share', 'create', 'drive:/stars', 'sky', '--group'], as('ann'))
    const pendingOf = (user: string) => run(['share', 'pending'], as(user))
    const [bens] = await pendingOf('ben')
    await run(['share', 'accept', String(bens?.id)], as('ben'))
    expect(await run(['ls', 'drive:/'], as('ben'))).toMatchObject([{ name: 'stars' }])
    expect(await pendingOf('cat')).toEqual([])
    await run(['group', 'join', folder, 'sky', 'cat'])
    expect(await pendingOf('cat')).toMatchObject([{ name: 'stars' }])
    expect(await run(['group', 'members', folder, 'sky'])).toMatchObject([{ name: 'ben' }, { name: 'cat' }])
    expect(await run(['group', 'leave', folder, 'sky', 'ben'])).toMatchObject([{ left: true }])
    expect(await run(['ls', 'drive:/'], as('ben'))).toEqual([])
    expect(await run(['group', 'list', folder])).toMatchObject([
      { name: 'sky', displayName: 'Sky watchers', memberCount: 1 },
    ])
    await run(['group', 'remove', folder, 'sky'])
    expect(await pendingOf('cat')).toEqual([])
    expect(await run(['share', 'list'], as('ann'))).toMatchObject([{ state: 'revoked' }])
  })

  it('says what is wrong', async () => {
    const failing = [
      ['group', 'join', folder, 'none', 'ben'],
      ['group', 'members', folder, 'none'],
      ['group', 'add', folder, 'Not A Name'],
    ]
    for (const args of failing) {
      const answer = await cli(args)
      expect([args, answer.code, answer.stderr]).toEqual([args, 1, expect.stringMatching(/group/i)])
    }
  })

  it('has the same in the API, for administrators only', async () => {
    const ask = (user: string, method: string, path: string, body?: unknown) =>
      fetch(`${node.url}/api/v1/admin/groups${path}`, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(`${user}:${user}-password`).toString('base64')}`,
          'content-type': 'application/json',
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    expect((await ask('ann', 'POST', '', { name: 'sea' })).status).toBe(201)
    expect((await ask('ann', 'PUT', '/sea/members/cat')).status).toBe(204)
    expect(await (await ask('ann', 'GET', '/sea/members')).json()).toMatchObject({ items: [{ name: 'cat' }] })
    expect(await (await ask('ann', 'GET', '')).json()).toMatchObject({
      items: [{ name: 'sea', memberCount: 1 }],
    })
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '', { name: 'mine' }],
      ['GET', '/sea/members', undefined],
      ['PUT', '/sea/members/ben', undefined],
      ['DELETE', '/sea/members/cat', undefined],
      ['DELETE', '/sea', undefined],
    ] as const) {
      expect([method, path, (await ask('ben', method, path, body)).status]).toEqual([method, path, 403])
    }
    expect((await ask('ann', 'DELETE', '/sea/members/cat')).status).toBe(204)
    expect((await ask('ann', 'DELETE', '/sea')).status).toBe(204)
    expect((await ask('ann', 'GET', '/sea/members')).status).toBe(404)
  })
})

describe('causeway share link', () => {
  it('makes a link that opens, with a password, an end and a role', async () => {
    await writeFile(join(folder, 'a.txt'), 'content of a')
    await run(['cp', join(folder, 'a.txt'), 'drive:/a.txt'], as('ann'))
    const [link] = await run(
      ['share', 'link', 'drive:/a.txt', '--expires', '2099-01-01', '--label', 'mine'],
      as('ann'),
    )
    const { url } = link?.link as { url: string }
    const opened = await fetch(url.replace('http://leiden.test', node.url))
    expect(await opened.text()).toContain('a.txt')
    expect(link).toMatchObject({ role: 'viewer', recipient: { type: 'link', displayName: 'mine' } })
    const guarded = await run(['share', 'link', 'drive:/a.txt', '--password-stdin', '--writable'], {
      ...as('ann'),
      stdin: 'a long password\n',
    })
    expect(guarded).toMatchObject([{ role: 'editor', link: { hasPassword: true } }])
    const drop = await cli(['share', 'link', 'drive:/stars', '--upload-only'], as('ann'))
    expect(drop.stdout).toMatch(/^http:\/\/leiden\.test\/s\/\w{24}\n/)
    const both = await cli(['share', 'link', 'drive:/stars', '--upload-only', '--writable'], as('ann'))
    expect(both.code).toBe(2)
  })
})
