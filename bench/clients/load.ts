import { Pool } from 'undici'
import { findProgram } from '../processes.ts'
import type { RunningPeer } from '../types.ts'
import { runWrk } from './wrk.ts'

/** Many small requests at the same time, as long as `seconds`. */
export interface Load {
  peer: RunningPeer
  /** Where wrk may write its script. */
  folder: string
  connections: number
  seconds: number
  method: 'GET' | 'PUT'
  /** Bytes of each body; only for PUT. */
  bodyBytes: number
  /** `<path><number>` is asked for, numbers from 0 on. */
  path: string
  /** Numbers begin anew after that many; without it they never do. */
  among?: number
}

/** What makes the load, for the report. */
export function loadGenerator(): 'wrk' | 'undici' {
  return findProgram('wrk') === undefined ? 'undici' : 'wrk'
}

/** Requests per second that were answered well; throws when any was not. */
export async function runLoad(load: Load): Promise<number> {
  const wrk = findProgram('wrk')
  return wrk === undefined ? runUndici(load) : await runWrk(wrk, load)
}

async function runUndici(load: Load): Promise<number> {
  const { peer, method, seconds, among = Number.POSITIVE_INFINITY } = load
  const pool = new Pool(new URL(peer.baseUrl).origin, { connections: load.connections, pipelining: 1 })
  const body = method === 'PUT' ? Buffer.alloc(load.bodyBytes, 'x') : null
  const endsAt = performance.now() + seconds * 1000
  let sent = 0
  const worker = async () => {
    while (performance.now() < endsAt) {
      const path = `${load.path}${sent++ % among}`
      const answer = await pool.request({ method, path, body, headers: peer.headers })
      await answer.body.dump()
      if (answer.statusCode >= 300) throw new Error(`${method} ${path} was answered ${answer.statusCode}`)
    }
  }
  const started = performance.now()
  try {
    await Promise.all(Array.from({ length: load.connections }, worker))
    return sent / ((performance.now() - started) / 1000)
  } finally {
    await pool.destroy()
  }
}
