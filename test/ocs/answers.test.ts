import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseXml } from '../../src/platform/xml.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { basic, type TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'], { name: 'Leiden & friends' })
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
})

afterAll(() => mesh.close())

interface Ocs {
  ocs: { meta: { status: string; statuscode: number; message: string }; data: Record<string, unknown> }
}

interface AskOptions {
  method?: string
  authorization?: string
  accept?: string
  isProgram?: boolean
}

function ask(path: string, options: AskOptions = {}) {
  const { method = 'GET', authorization = ann.authorization, accept, isProgram = true } = options
  const headers = {
    ...(isProgram && { 'ocs-apirequest': 'true' }),
    ...(authorization === '' ? {} : { authorization }),
    ...(accept ? { accept } : {}),
  }
  return fetch(`${leiden.origin}${path}`, { method, headers, redirect: 'manual' })
}

const json = async (path: string, options?: Parameters<typeof ask>[1]) => {
  const answer = await ask(`${path}?format=json`, options)
  return { status: answer.status, headers: answer.headers, ...((await answer.json()) as Ocs).ocs }
}

describe('the questions of a client that connects', () => {
  it.each(['/204', '/index.php/204'])('%s is 204: there is no portal in the way', async (path) => {
    expect((await ask(path, { authorization: '' })).status).toBe(204)
  })

  it.each(['/status.php', '/index.php/status.php'])('%s says what this is, to anybody', async (path) => {
    const answer = await ask(path, { authorization: '' })
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(await answer.json()).toMatchObject({
      installed: true,
      maintenance: false,
      needsDbUpgrade: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
      productname: 'Leiden & friends',
    })
  })

  it('capabilities announce both kinds of upload, with and without a login', async () => {
    for (const authorization of ['', ann.authorization]) {
      const { status, meta, data } = await json('/ocs/v1.php/cloud/capabilities', { authorization })
      expect(status).toBe(200)
      expect(meta).toEqual({ status: 'ok', statuscode: 100, message: 'OK' })
      expect(data.capabilities).toMatchObject({
        dav: { chunking: '1.0', bulkupload: '1.0' },
        files: {
          bigfilechunking: true,
          versioning: true,
          undelete: true,
          tus_support: { version: '1.0.0', extension: 'creation,creation-with-upload' },
        },
        checksums: { preferredUploadType: 'SHA1' },
      })
    }
  })

  it('the user’s id is the name in the address of the drive', async () => {
    const { data } = await json('/ocs/v1.php/cloud/user')
    expect(data).toMatchObject({ id: 'ann', 'display-name': 'ANN', enabled: true })
    const drive = await ask(`/remote.php/dav/files/${data.id}/`, { method: 'PROPFIND' })
    expect(drive.status).toBe(207)
    expect(data.quota).toMatchObject({ used: 0, quota: -3, free: expect.any(Number) })
  })

  it('another user is not there, whether they exist or not', async () => {
    await leiden.addUser('bob')
    for (const name of ['bob', 'nobody', '%ff']) {
      expect((await json(`/ocs/v2.php/cloud/users/${name}`)).status).toBe(404)
    }
    expect((await json('/ocs/v2.php/cloud/users/ann')).data).toMatchObject({ id: 'ann' })
  })
})

describe('the envelope', () => {
  it('version 2 counts as HTTP does, version 1 in its own codes', async () => {
    expect((await json('/ocs/v2.php/cloud/user')).meta.statuscode).toBe(200)
    const [one, two] = [await json('/ocs/v1.php/no/such'), await json('/ocs/v2.php/no/such')]
    expect([one.status, one.meta.statuscode]).toEqual([200, 998])
    expect([two.status, two.meta.statuscode]).toEqual([404, 404])
    expect(two.meta).toMatchObject({ status: 'failure', message: expect.stringContaining('nothing') })
  })

  it.each(['1', '2'])('wrong credentials are 401 in version %s, with a challenge', async (version) => {
    const path = `/ocs/v${version}.php/cloud/user`
    for (const authorization of ['', basic('ann', 'wrong-password')]) {
      const answer = await json(path, { authorization })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /)
      expect(answer.meta.statuscode).toBe(version === '1' ? 997 : 401)
    }
    const capabilities = await json(`/ocs/v${version}.php/cloud/capabilities`, {
      authorization: basic('ann', 'wrong-password'),
    })
    expect(capabilities.status).toBe(401)
  })

  it('is XML unless JSON is asked for', async () => {
    const answer = await ask('/ocs/v1.php/cloud/capabilities')
    expect(answer.headers.get('content-type')).toContain('application/xml')
    const text = await answer.text()
    expect(parseXml(text).name).toBe('ocs')
    expect(text).toContain('<bulkupload>1.0</bulkupload>')
    expect(text).toContain('<supportedTypes><element>SHA1</element>')
    expect(text).toContain('<productname>Leiden &amp; friends</productname>')
    const accepted = await ask('/ocs/v1.php/cloud/user', { accept: 'application/json' })
    expect(await accepted.json()).toMatchObject({ ocs: { meta: { statuscode: 100 } } })
  })

  it('has the code before the message, in compact JSON, where old clients look for it', async () => {
    const text = await (await ask('/ocs/v1.php/cloud/user?format=json')).text()
    expect(text).toMatch(/"statuscode":(\d+),/)
  })

  it('refuses other methods', async () => {
    expect((await json('/ocs/v2.php/cloud/user', { method: 'POST' })).status).toBe(405)
    expect((await ask('/login/v2')).status).toBe(405)
  })
})

describe('what clients poll', () => {
  it.each([
    'apps/notifications/api/v2/notifications',
    'core/navigation/apps',
    'apps/user_status/api/v1/statuses',
    'apps/files/api/v1/templates',
  ])('%s is an empty list', async (path) => {
    const { status, data } = await json(`/index.php/ocs/v2.php/${path}`)
    expect([status, data]).toEqual([200, []])
    expect((await json(`/ocs/v2.php/${path}`, { authorization: '' })).status).toBe(401)
  })

  it('knows of no status, and has no pictures', async () => {
    const { data } = await json('/ocs/v2.php/apps/user_status/api/v1/user_status')
    expect(data).toMatchObject({ userId: 'ann', status: 'offline' })
    expect((await ask('/index.php/avatar/ann/64')).status).toBe(404)
    expect((await ask('/remote.php/dav/avatars/ann/128.png')).status).toBe(404)
    expect((await json('/ocs/v2.php/apps/terms_of_service/terms')).status).toBe(404)
  })
})

describe('app passwords', () => {
  it('are given for the real password and given up by the program that has one', async () => {
    const { data } = await json('/ocs/v2.php/core/getapppassword')
    const own = basic('ann', String(data.apppassword))
    expect((await json('/ocs/v1.php/cloud/user', { authorization: own })).data.id).toBe('ann')
    expect((await json('/ocs/v2.php/core/getapppassword', { authorization: own })).status).toBe(403)
    const given = await json('/ocs/v2.php/core/apppassword', { method: 'DELETE', authorization: own })
    expect(given.status).toBe(200)
    expect((await json('/ocs/v1.php/cloud/user', { authorization: own })).status).toBe(401)
  })

  it('are not made or taken because the page of another site names the address', async () => {
    const asked = { isProgram: false }
    expect((await json('/ocs/v2.php/core/getapppassword', asked)).status).toBe(412)
    const given = await json('/ocs/v2.php/core/apppassword', { ...asked, method: 'DELETE' })
    expect(given.status).toBe(412)
  })

  it('are all that can be given up there', async () => {
    expect((await json('/ocs/v2.php/core/apppassword', { method: 'DELETE' })).status).toBe(403)
    expect((await json('/ocs/v1.php/cloud/user')).meta.statuscode).toBe(100)
  })
})
