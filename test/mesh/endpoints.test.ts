import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCli, temporaryFolder } from '../cli/support/cli.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let ann: TestUser
let jan: TestUser
let passwordOfJan: string

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  ann = await leiden.addUser('ann')
  jan = await krakow.addUser('jan')
  passwordOfJan = passwordOf(jan)
})
afterAll(() => mesh.close())

function passwordOf(user: TestUser): string {
  const text = Buffer.from(user.authorization.slice('Basic '.length), 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

describe('the drive of another node as an endpoint', () => {
  it('is defined by command, tried, copied from and to, and forgotten', async () => {
    const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
    await jan.put('/data.txt', 'of jan')
    await ann.put('/mine.txt', 'of ann')
    const run = createCli(await temporaryFolder())
    const login = { url: leiden.origin, user: 'ann', password: passwordOf(ann) }
    const cli = (args: string[], env = {}) => run(args, { env: { ...login, ...env } })
    const where = `http://${krakow.host}/dav/files/jan/`

    const add = ['endpoint', 'add', 'krakow', 'webdav', where, '--set', 'user=jan', '--ask', 'password']
    const made = await cli(add, { endpointSecrets: { PASSWORD: passwordOfJan } })
    expect(made).toMatchObject({ code: 0, stdout: 'endpoint krakow added\n' })
    const shown = await cli(['endpoint', 'show', 'krakow'])
    expect(shown.stdout).toContain('secrets: password (never shown)')
    expect(made.stdout + made.stderr + shown.stdout).not.toContain(passwordOfJan)

    const test = await cli(['endpoint', 'test', 'krakow'])
    expect(test).toMatchObject({ code: 0 })
    expect(test.stdout).toContain('answers and speaks WebDAV; the address is a folder.')
    expect(test.stdout).toContain('It tells checksums: ')
    expect(await jan.names('/')).toEqual(['data.txt'])

    const from = { source: { endpoint: 'krakow', path: 'data.txt' }, destination: { path: '/copy.txt' } }
    const fetched = await ann.api<{ id: string }>('POST', '/transfers', from)
    expect(await ann.untilEnded(fetched.id)).toMatchObject({ state: 'FINISHED' })
    expect(await (await ann.dav('GET', '/copy.txt')).text()).toBe('of jan')

    const to = { source: { path: '/mine.txt' }, destination: { url: `${where}new/place/mine.txt` } }
    const brought = await ann.api<{ id: string }>('POST', '/transfers', to)
    expect(await ann.untilEnded(brought.id)).toMatchObject({ state: 'FINISHED' })
    expect(await (await jan.dav('GET', '/new/place/mine.txt')).text()).toBe('of ann')

    expect(await cli(['endpoint', 'remove', 'krakow'])).toMatchObject({ code: 0 })
    expect((await cli(['endpoint', 'list'])).stdout).not.toContain('krakow')
    const again = await ann.api<{ id: string }>('POST', '/transfers', { ...to, overwrite: 'always' })
    expect(await ann.untilEnded(again.id)).toMatchObject({
      state: 'FAILED',
      error: { code: 'CREDENTIAL_REFUSED' },
    })
  })
})
