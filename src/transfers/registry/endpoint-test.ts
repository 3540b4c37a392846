import { messageOf } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { FileStore } from '../../store/types.ts'
import type { TransferSource } from '../endpoints.ts'

/** One thing that was tried, and how it went, in words. */
export interface EndpointFinding {
  level: 'ok' | 'warn' | 'fail' | 'skip'
  code: 'REACH' | 'LIST' | 'WRITE' | 'CHECKSUMS' | 'RANGES' | 'THIRD_PARTY_COPY' | 'TAPE'
  message: string
}

/** What is tried. */
export interface EndpointTrial {
  /** The root of the endpoint. */
  end: TransferSource
  label: string
  /** Writing is possible in principle, and wanted. */
  mayWrite: boolean
  /** What the server speaks, once it has answered. */
  spoken(): string
  /** Whether it takes a COPY with another server; undefined where that makes no sense. */
  findCopy?(): Promise<boolean>
  /** Base of its tape API. */
  findTape?(): Promise<string | undefined>
}

const CONTENT = 'This file was written by a test of the endpoint and can be removed.\n'

/** Tries an endpoint; what fails is told and does not stop the rest, except that nobody answers. */
export async function testEndpoint(trial: EndpointTrial): Promise<EndpointFinding[]> {
  const findings = [await tryReach(trial)]
  if (findings[0]?.level === 'fail') return findings
  findings.push(await tryList(trial))
  findings.push(...(await tryWrite(trial)))
  if (trial.findCopy !== undefined) findings.push(await tryCopy(trial.label, trial.findCopy))
  if (trial.findTape !== undefined) findings.push(...(await tryTape(trial.findTape)))
  return findings
}

async function tryReach({ end, label, spoken }: EndpointTrial): Promise<EndpointFinding> {
  try {
    const entry = await end.store.stat(end.path)
    return {
      level: 'ok',
      code: 'REACH',
      message: `${label} answers and speaks ${spoken()}; the address is a ${entry.kind}.`,
    }
  } catch (error) {
    return { level: 'fail', code: 'REACH', message: messageOf(error) }
  }
}

async function tryList({ end }: EndpointTrial): Promise<EndpointFinding> {
  try {
    const entries = await end.store.list(end.path)
    return { level: 'ok', code: 'LIST', message: `It lists ${entries.length} entries.` }
  } catch (error) {
    return { level: 'warn', code: 'LIST', message: `It cannot be listed: ${messageOf(error)}` }
  }
}

async function tryWrite(trial: EndpointTrial): Promise<EndpointFinding[]> {
  if (!trial.mayWrite) return [{ level: 'skip', code: 'WRITE', message: 'Writing was not tried.' }]
  const { store } = trial.end
  const path = [...trial.end.path, `.causeway-test-${newId()}`]
  try {
    const { entry } = await store.write(path, chunks(), {
      sizeBytes: CONTENT.length,
      conditions: { ifNoneMatch: '*' },
    })
    const kinds = Object.keys(entry.checksums)
    const checksums: EndpointFinding =
      kinds.length > 0
        ? { level: 'ok', code: 'CHECKSUMS', message: `It tells checksums: ${kinds.join(', ')}.` }
        : { level: 'warn', code: 'CHECKSUMS', message: 'It tells no checksums; copies are compared by size.' }
    return [
      { level: 'ok', code: 'WRITE', message: 'A file can be written.' },
      checksums,
      await tryRange(store, path),
    ]
  } catch (error) {
    return [{ level: 'warn', code: 'WRITE', message: `A file cannot be written: ${messageOf(error)}` }]
  } finally {
    await store.remove(path).catch(() => undefined)
  }
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(CONTENT)
}

async function tryRange(store: FileStore, path: readonly string[]): Promise<EndpointFinding> {
  try {
    const { body, range } = await store.read(path, { start: 5, end: 8 })
    const text = Buffer.isBuffer(body)
      ? body
      : Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))
    const isRight = range.start === 5 && text.toString() === CONTENT.slice(5, 9)
    if (isRight) return { level: 'ok', code: 'RANGES', message: 'A part of a file can be read.' }
    return { level: 'fail', code: 'RANGES', message: 'It sends another part of a file than was asked for.' }
  } catch (error) {
    return { level: 'warn', code: 'RANGES', message: `A part of a file cannot be read: ${messageOf(error)}` }
  }
}

async function tryCopy(label: string, findCopy: () => Promise<boolean>): Promise<EndpointFinding> {
  const isTaken = await findCopy().catch(() => false)
  const message = isTaken
    ? `${label} takes copies from and to other servers (HTTP-TPC).`
    : `${label} does not say that it takes copies from other servers (HTTP-TPC); bytes go through this node.`
  return { level: isTaken ? 'ok' : 'skip', code: 'THIRD_PARTY_COPY', message }
}

async function tryTape(findTape: () => Promise<string | undefined>): Promise<EndpointFinding[]> {
  const url = await findTape().catch(() => undefined)
  return url === undefined ? [] : [{ level: 'ok', code: 'TAPE', message: `It has a tape API at ${url}.` }]
}
