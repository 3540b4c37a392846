import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { requireProgram } from '../../support/programs.ts'

/** A WebDAV server that is not ours, over a folder. */
export interface ForeignServer {
  url: string
  folder: string
  close(): Promise<void>
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

export async function startRclone(): Promise<ForeignServer> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-rclone-'))
  const args = ['serve', 'webdav', '--addr', '127.0.0.1:0', '--vfs-cache-mode', 'writes', folder]
  const child = spawn(requireProgram('rclone'), [...args, '--cache-dir', `${folder}.cache`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url === undefined) continue
    child.stderr?.resume()
    const close = async () => {
      await stop(child)
      for (const gone of [folder, `${folder}.cache`]) await rm(gone, { recursive: true, force: true })
    }
    return { url, folder, close }
  }
  throw new Error('rclone did not start')
}

/** nginx with the WebDAV of its package, PROPFIND from nginx-extras' module where that is there. */
export async function startNginx(): Promise<ForeignServer> {
  const home = await mkdtemp(join(tmpdir(), 'causeway-nginx-'))
  const folder = join(home, 'files')
  for (const name of ['files', 'tmp']) await mkdir(join(home, name))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/tmp;`)
    .join(' ')
  await writeFile(
    join(home, 'nginx.conf'),
    `load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${home}/pid; error_log ${home}/error.log; events {}
http { access_log off; ${temporary} client_max_body_size 0;
server { listen 127.0.0.1:${port}; root ${folder}; create_full_put_path on; dav_methods PUT DELETE MKCOL COPY MOVE; dav_ext_methods PROPFIND OPTIONS; } }`,
  )
  const child = spawn(requireProgram('nginx'), ['-c', join(home, 'nginx.conf'), '-p', home], {
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  for (let answered = false; !answered; ) {
    if (child.exitCode !== null) throw new Error('nginx did not start')
    answered = await fetch(url).then(
      () => true,
      () => false,
    )
  }
  const close = async () => {
    await stop(child)
    await rm(home, { recursive: true, force: true })
  }
  return { url, folder, close }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
