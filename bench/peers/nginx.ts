import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getProgram, MissingProgramError, runProgram, startServer } from '../processes.ts'
import type { Peer } from '../types.ts'
import { type ForeignPlace, prepareForeign, runningForeign } from './foreign.ts'

const DAV_EXT = '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so'

/** nginx with its dav module and dav-ext (for PROPFIND), uploads buffered on the same file system. */
export const nginx: Peer = {
  name: 'nginx',
  label: 'nginx + dav-ext',
  role: 'server',

  async version() {
    const text = await runProgram(getProgram('nginx', 'nginx'), ['-v'])
    if (!existsSync(DAV_EXT)) {
      throw new MissingProgramError(
        'nginx has no dav-ext (Debian: apt-get install libnginx-mod-http-dav-ext)',
      )
    }
    return /nginx\/\S+/.exec(text)?.[0] ?? 'nginx'
  },

  async start(folder, stack) {
    const place = await prepareForeign(folder)
    const configFile = join(folder, 'nginx.conf')
    await writeFile(configFile, configuration(place))
    const server = await startServer({
      file: getProgram('nginx', 'nginx'),
      args: ['-p', folder, '-c', configFile, '-e', join(folder, 'error.log')],
      logFile: place.logFile,
      port: place.port,
    })
    stack.defer(() => server.stop())
    return runningForeign(this, place, server)
  },
}

function configuration({ folder, filesFolder, passwordFile, port, runAs }: ForeignPlace): string {
  return `
daemon off;
${runAs === undefined ? '' : `user ${runAs.user} ${runAs.group};`}
worker_processes auto;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
load_module ${DAV_EXT};
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  access_log ${folder}/access.log;
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp/fastcgi;
  uwsgi_temp_path ${folder}/tmp/uwsgi;
  scgi_temp_path ${folder}/tmp/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    root ${filesFolder};
    location / {
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS;
      auth_basic "bench";
      auth_basic_user_file ${passwordFile};
    }
  }
}
`
}
