import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireProgram } from './programs.ts'
import { until } from './test-user.ts'

const SBIN = '/usr/sbin/nginx' // not on the path of ordinary users

/** nginx as a WebDAV server that knows no checksums, open to everybody on loopback. */
export interface NginxDav {
  /** `http://127.0.0.1:port` */
  origin: string
  /** The local folder that it serves. */
  files: string
  close(): Promise<void>
}

export async function startNginxDav(): Promise<NginxDav> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-nginx-dav-'))
  const files = join(folder, 'files')
  await mkdir(files)
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, port))
  const program = existsSync(SBIN) ? SBIN : requireProgram('nginx')
  const nginx = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'])
  await until(
    () => fetch(origin).catch(() => undefined),
    (answer) => answer !== undefined,
  )
  return {
    origin,
    files,
    async close() {
      await stop(nginx)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
error_log error.log;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    root ${join(folder, 'files')};
    location / { dav_methods PUT DELETE MKCOL; create_full_put_path off; autoindex on; }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null) await once(child, 'exit')
}
