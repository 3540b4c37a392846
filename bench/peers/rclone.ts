import { getProgram, runProgram, startServer } from '../processes.ts'
import type { Peer } from '../types.ts'
import { prepareForeign, runningForeign } from './foreign.ts'

/** `rclone serve webdav` over a folder, as it comes. */
export const rclone: Peer = {
  name: 'rclone',
  label: 'rclone serve webdav',
  role: 'server',

  async version() {
    const text = await runProgram(getProgram('rclone', 'rclone'), ['version'])
    return text.split('\n', 1)[0] ?? 'rclone'
  },

  async start(folder, stack) {
    const place = await prepareForeign(folder)
    const args = ['serve', 'webdav', place.filesFolder, '--addr', `127.0.0.1:${place.port}`]
    const server = await startServer({
      file: getProgram('rclone', 'rclone'),
      args: [...args, '--htpasswd', place.passwordFile],
      // Its own settings and cache, not those of whoever runs this.
      env: { RCLONE_CONFIG: '', XDG_CACHE_HOME: folder },
      logFile: place.logFile,
      port: place.port,
    })
    stack.defer(() => server.stop())
    return runningForeign(this, place, server)
  },
}
