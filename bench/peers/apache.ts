import { existsSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram, getProgram, MissingProgramError, runProgram, startServer } from '../processes.ts'
import type { Peer } from '../types.ts'
import { type ForeignPlace, prepareForeign, runningForeign } from './foreign.ts'

const MODULES = '/usr/lib/apache2/modules'
const LOADED = 'mpm_event authn_core authn_file authz_core authz_user auth_basic dav dav_fs mime'

/** Apache with mod_dav and the event MPM, numbers of processes and threads as Debian sets them. */
export const apache: Peer = {
  name: 'apache',
  label: 'Apache mod_dav',
  role: 'server',

  async version() {
    const text = await runProgram(getProgram('apache2', 'apache2'), ['-v'])
    if (!existsSync(join(MODULES, 'mod_dav.so'))) throw new MissingProgramError(`no mod_dav in ${MODULES}`)
    return /Apache\/\S+/.exec(text)?.[0] ?? 'Apache'
  },

  async start(folder, stack) {
    const place = await prepareForeign(folder)
    const configFile = join(folder, 'apache.conf')
    await writeFile(configFile, configuration(place))
    if (place.runAs !== undefined) await handOver(join(folder, 'tmp'), place.runAs.user)
    const server = await startServer({
      file: findProgram('apache2') ?? 'apache2',
      args: ['-DFOREGROUND', '-d', folder, '-f', configFile],
      logFile: place.logFile,
      port: place.port,
    })
    stack.defer(() => server.stop())
    return runningForeign(this, place, server)
  },
}

/** The folder of the lock database. */
async function handOver(folder: string, user: string): Promise<void> {
  await chown(folder, Number(await runProgram('id', ['-u', user])), -1)
}

function configuration({ folder, filesFolder, passwordFile, port, runAs }: ForeignPlace): string {
  const modules = LOADED.split(' ').map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`)
  return `
${modules.join('\n')}
${runAs === undefined ? '' : `User ${runAs.user}\nGroup ${runAs.group}`}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile "${folder}/apache.pid"
DefaultRuntimeDir "${folder}/tmp"
Mutex pthread
ErrorLog "${folder}/error.log"
LogFormat "%h %l %u %t \\"%r\\" %>s %O" common
CustomLog "${folder}/access.log" common
TypesConfig /etc/mime.types
KeepAlive On
MaxKeepAliveRequests 0
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
DavLockDB "${folder}/tmp/locks"
LimitRequestBody 0
DocumentRoot "${filesFolder}"
<Directory "${filesFolder}">
  Dav On
  AllowOverride None
  AuthType Basic
  AuthName "bench"
  AuthUserFile "${passwordFile}"
  Require valid-user
</Directory>
`
}
