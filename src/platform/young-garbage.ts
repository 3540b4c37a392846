import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** After so many bytes from sockets their buffers are collected. */
const COLLECT_BYTES = 16 * 1024 * 1024

let receivedBytes = 0
let collect: ((options: { type: 'minor' }) => void) | undefined

/**
 * Tells of bytes that came from a socket. Each piece of 64 KiB is a small object with much memory behind it:
 * V8 sees the memory grow and looks through the whole heap for it, again and again, which costs as much as
 * storing the bytes. Looking through what was made last is enough, because nothing of it is kept.
 */
export function noteReceived(bytes: number): void {
  receivedBytes += bytes
  if (receivedBytes < COLLECT_BYTES) return
  receivedBytes = 0
  collect ??= exposeCollector()
  collect({ type: 'minor' })
}

/** The only way to it without a flag on the command line of whoever starts the node. */
function exposeCollector(): (options: { type: 'minor' }) => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
