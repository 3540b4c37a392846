import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../processes.ts'
import type { Load } from './load.ts'

/** Lets wrk make the load: one thread, so that the server has the rest of the machine. */
export async function runWrk(wrk: string, load: Load): Promise<number> {
  const script = join(load.folder, 'load.lua')
  await writeFile(script, luaScript(load))
  const { origin } = new URL(load.peer.baseUrl)
  const args = [
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--timeout',
    '30s',
    '-s',
    script,
    origin,
  ]
  const output = await runProgram(wrk, args)
  const perSecond = Number(/^perSecond (\S+)$/m.exec(output)?.[1])
  const failed = Number(/^failed (\d+)$/m.exec(output)?.[1])
  if (!(perSecond > 0) || failed !== 0) {
    throw new Error(`${load.method} ${load.path} of ${load.peer.label}: ${failed} requests failed\n${output}`)
  }
  return perSecond
}

function luaScript(load: Load): string {
  const { method, path, among, peer } = load
  const headers = Object.entries(peer.headers).map(([name, value]) => `[${quote(name)}]=${quote(value)}`)
  const number = among === undefined ? 'n' : `n % ${among}`
  return `
local n = -1
local headers = {${headers.join(',')}}
local body = ${method === 'PUT' ? `string.rep('x', ${load.bodyBytes})` : 'nil'}
function request()
  n = n + 1
  return wrk.format(${quote(method)}, ${quote(path)} .. (${number}), headers, body)
end
function done(summary)
  local errors = summary.errors
  local failed = errors.status + errors.timeout + errors.connect
  io.write(string.format('perSecond %f\\nfailed %d\\n', summary.requests / (summary.duration / 1e6), failed))
end
`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
