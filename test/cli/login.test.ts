import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { findConnectionFor, getConnection, normalizeNodeUrl } from '../../src/cli/connection.ts'
import { isProfileName, listProfiles, saveProfile } from '../../src/cli/profile.ts'
import { readCliEnv } from '../../src/config/cli-env.ts'
import { createCli, temporaryFolder } from './support/cli.ts'
import { readBody, sendJson, startServer } from './support/http-server.ts'

/** A node that knows ann with the password `secret ä` and one app password at a time. */
async function startNode() {
  const known = new Set(['ann:secret ä'])
  const deleted: string[] = []
  let count = 0
  const server = await startServer(async (request, response) => {
    const auth = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    const body = await readBody(request)
    if (!known.has(auth))
      return sendJson(response, 401, { detail: 'Wrong name or password.', code: 'UNAUTHENTICATED' })
    if (request.method === 'DELETE') {
      deleted.push(request.url ?? '')
      return response.writeHead(204).end()
    }
    if (request.url === '/api/v1/me') {
      return sendJson(response, 200, {
        id: '1',
        name: 'ann',
        displayName: 'Ann',
        address: 'ann@leiden',
        isAdmin: true,
        quota: { usedBytes: 2048 },
      })
    }
    count += 1
    known.add(`ann:token-${count}`)
    return sendJson(response, 201, {
      id: `id-${count}`,
      label: JSON.parse(body.toString()).label,
      createdAt: '',
      password: `token-${count}`,
    })
  })
  return { ...server, deleted }
}

it('login keeps an app password, not the password, in a file for the owner only', async () => {
  const folder = await temporaryFolder()
  const node = await startNode()
  const cli = createCli(folder)
  const answer = await cli(['login', `${node.url}/`, '--user', 'ann', '--password-stdin'], {
    stdin: 'secret ä\n',
  })
  expect(answer).toEqual({ code: 0, stdout: `logged in to ${node.url} as ann\n`, stderr: '' })
  const file = join(folder, 'causeway', 'config.yaml')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).not.toContain('secret')
  expect(await listProfiles(file)).toEqual({
    default: { url: node.url, user: 'ann', token: 'token-1', tokenId: 'id-1' },
  })
  const me = await cli(['whoami'])
  expect(me.stdout).toBe('Ann <ann@leiden>, administrator\n2.00 KiB used\n')
})

it('a second login revokes the app password of the first, logout the last, and another profile stays', async () => {
  const folder = await temporaryFolder()
  const node = await startNode()
  const cli = createCli(folder)
  const login = ['login', node.url, '--user', 'ann', '--password-stdin']
  await cli([...login, '--profile', 'other'], { stdin: 'secret ä' })
  await cli(login, { stdin: 'secret ä' })
  await cli(login, { stdin: 'secret ä' })
  expect(node.deleted).toEqual(['/api/v1/me/app-passwords/id-2'])
  expect((await cli(['logout', '--json'])).stdout).toBe(
    `{"profile":"default","url":"${node.url}","user":"ann"}\n`,
  )
  expect(node.deleted).toEqual(['/api/v1/me/app-passwords/id-2', '/api/v1/me/app-passwords/id-3'])
  expect(Object.keys(await listProfiles(join(folder, 'causeway', 'config.yaml')))).toEqual(['other'])
  const late = await cli(['whoami', '--json'])
  expect(late.code).toBe(1)
  expect(JSON.parse(late.stderr)).toMatchObject({ error: { code: 'NOT_LOGGED_IN' } })
})

it('logout keeps the profile while the node is away, unless forced', async () => {
  const folder = await temporaryFolder()
  const node = await startNode()
  const cli = createCli(folder)
  await cli(['login', node.url, '--user', 'ann', '--password-stdin'], { stdin: 'secret ä' })
  await node.close()
  const refused = await cli(['logout'])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('--force')
  expect((await cli(['logout', '--force'])).code).toBe(0)
  expect(await listProfiles(join(folder, 'causeway', 'config.yaml'))).toEqual({})
})

it('login refuses a wrong password, no password, and clear text to another machine', async () => {
  const folder = await temporaryFolder()
  const node = await startNode()
  const cli = createCli(folder)
  const wrong = await cli(['login', node.url, '--user', 'ann', '--password-stdin'], { stdin: 'guess' })
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not take this name and password'),
  })
  expect(wrong.stderr).not.toContain('guess')
  expect((await cli(['login', node.url, '--user', 'ann', '--password-stdin'])).code).toBe(2)
  expect(await cli(['login', node.url, '--user', 'ann'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--password-stdin'),
  })
  expect(await cli(['login', 'http://drive.example.org'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--insecure'),
  })
  expect(await cli(['login', node.url, '--profile', 'drive'])).toMatchObject({ code: 2 })
})

it('the environment stands in for a profile', async () => {
  const folder = await temporaryFolder()
  const node = await startNode()
  const cli = createCli(folder)
  const env = { url: node.url, user: 'ann', password: 'secret ä' }
  expect((await cli(['whoami'], { env })).code).toBe(0)
  expect(await cli(['whoami'], { env: { url: node.url } })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CAUSEWAY_TOKEN'),
  })
})

it('reads its variables, empty ones as absent, secrets from files too', async () => {
  const tokenFile = join(await temporaryFolder(), 'token')
  await writeFile(tokenFile, 'from a file\n')
  expect(readCliEnv({ CAUSEWAY_TOKEN_FILE: tokenFile }).token).toBe('from a file')
  expect(() => readCliEnv({ CAUSEWAY_PASSWORD_FILE: `${tokenFile}.none` })).toThrow('ENOENT')
  const env = readCliEnv({
    CAUSEWAY_URL: 'https://h',
    CAUSEWAY_TOKEN: '',
    XDG_CONFIG_HOME: '/c',
    NO_COLOR: '1',
  })
  expect(env).toEqual({
    url: 'https://h',
    insecure: false,
    noColor: true,
    profileFile: '/c/causeway/config.yaml',
    endpointSecrets: {},
  })
  expect(readCliEnv({ HOME: '/home/ann' }).profileFile).toBe('/home/ann/.config/causeway/config.yaml')
})

it.each([
  ['https://h.example/', 'https://h.example'],
  ['h.example', 'https://h.example'],
  ['https://H.example/sub/', 'https://h.example/sub'],
  ['http://localhost:8080', 'http://localhost:8080'],
  ['http://[::1]:80', 'http://[::1]'],
])('writes the address %s as %s', (text, url) => {
  expect(normalizeNodeUrl(text, false)).toBe(url)
})

it.each([
  'ftp://h',
  'https://a:b@h',
  'http://127.0.0.1.evil.example',
  'http://10.0.0.1',
])('refuses the address %s', (text) => {
  expect(() => normalizeNodeUrl(text, false)).toThrow(expect.objectContaining({ exitCode: 2 }))
})

it('sends a login to its own node only', async () => {
  const folder = await temporaryFolder()
  const env = readCliEnv({ XDG_CONFIG_HOME: folder })
  await saveProfile(env.profileFile, 'leiden', { url: 'https://leiden.example', user: 'ann', token: 't' })
  expect(await findConnectionFor(env, undefined, new URL('https://leiden.example/x'))).toMatchObject({
    user: 'ann',
  })
  expect(await findConnectionFor(env, undefined, new URL('https://leiden.example:444/x'))).toBeUndefined()
  expect(await findConnectionFor(env, 'leiden', new URL('http://leiden.example/x'))).toBeUndefined()
  await expect(getConnection(env, 'nobody')).rejects.toThrow('Profiles there are: leiden.')
})

it('complains about a broken profile file instead of losing it', async () => {
  const folder = await temporaryFolder()
  const { profileFile } = readCliEnv({ XDG_CONFIG_HOME: folder })
  await mkdir(join(folder, 'causeway'))
  await writeFile(profileFile, 'profiles:\n  a: {url: 7}\n')
  await expect(saveProfile(profileFile, 'b', { url: 'https://h', user: 'u', token: 't' })).rejects.toThrow(
    'lacks url',
  )
  expect(await readFile(profileFile, 'utf8')).toContain('url: 7')
})

it.each([
  ['leiden', true],
  ['a-b_1', true],
  ['drive', false],
  ['HTTPS', false],
  ['a:b', false],
  ['', false],
])('profile name %s: %s', (name, good) => {
  expect(isProfileName(name)).toBe(good)
})
