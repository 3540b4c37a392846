import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { requireProgram } from '../../support/programs.ts'

const SBIN = '/usr/sbin/nginx' // not on the path of ordinary users
const MODULES = '/usr/lib/nginx/modules'

/** A foreign server on loopback; `folder` is what it serves. */
export interface ForeignServer {
  url: string
  folder: string
  close(): Promise<void>
}

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill()
  await exit
}

/** `rclone serve webdav` or `sftp`; one that asks for a password when `user` is given. */
export async function serveWithRclone(
  protocol: 'webdav' | 'sftp',
  options: { user?: string; password?: string; prefix?: string } = {},
): Promise<ForeignServer> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-rclone-served-'))
  const port = await freePort()
  const { user, password, prefix } = options
  const child = spawn(
    requireProgram('rclone'),
    [
      ...['serve', protocol, '--addr', `127.0.0.1:${port}`, folder],
      ...(user === undefined ? [] : ['--user', user, '--pass', password ?? '']),
      ...(prefix === undefined ? [] : ['--baseurl', prefix]),
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, RCLONE_CONFIG: '/dev/null', HOME: folder },
    },
  )
  await lineOf(child, protocol === 'webdav' ? /Started on|127\.0\.0\.1/ : /SFTP server listening/)
  child.stderr?.resume()
  return {
    url: `${protocol === 'webdav' ? 'http' : 'sftp'}://127.0.0.1:${port}`,
    folder,
    async close() {
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function lineOf(child: ChildProcess, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream }))
    if (pattern.test(line)) return
  throw new Error('the server ended')
}

/**
 * nginx with WebDAV at `/dav/`, the same for `ann` with the password `secret` at `/basic/`, for the bearer
 * token `let-me-in` at `/bearer/`, moved at `/moved/`, and without WebDAV, as pages, at `/pages/`.
 */
export async function serveWithNginx(): Promise<ForeignServer> {
  const home = await mkdtemp(join(tmpdir(), 'causeway-nginx-dav-'))
  const folder = join(home, 'data')
  await mkdir(folder)
  await writeFile(join(home, 'users'), 'ann:{PLAIN}secret\n')
  const port = await freePort()
  await writeFile(join(home, 'nginx.conf'), configuration(home, port))
  const program = existsSync(SBIN) ? SBIN : requireProgram('nginx')
  const child = spawn(program, ['-p', home, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${url}/pages/`)).ok)
  return {
    url,
    folder,
    async close() {
      await ended(child)
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function until(works: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await works().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nginx does not answer')
}

function configuration(home: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(home, name)};`,
  )
  const dav = `alias ${home}/data/; dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;`
  return `daemon off;
load_module ${MODULES}/ngx_http_dav_ext_module.so;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log access.log;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location /dav/ { ${dav} }
    location /basic/ { auth_basic closed; auth_basic_user_file users; ${dav} }
    location /bearer/ { if ($http_authorization != "Bearer let-me-in") { return 401; } ${dav} }
    location /moved/ { if ($request_uri ~ ^/moved/(.*)$) { return 307 /dav/$1; } }
    location /pages/ { alias ${home}/data/; autoindex on; }
  }
}
`
}
