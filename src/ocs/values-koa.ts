import type { Context } from 'koa'
import { BadRequestError } from '../platform/errors.ts'
import { parseForm, readBytes } from '../platform/read-bytes.ts'

const MAX_BYTES = 64 * 1024

/**
 * What a client sent, as a form or as a JSON object of plain values, and beside it what stands in the
 * query: clients differ in where they put it. Throws `BadRequestError`.
 */
export async function readValues(ctx: Context, query: URLSearchParams): Promise<URLSearchParams> {
  const text = (await readBytes(ctx.req, MAX_BYTES)).toString('utf8')
  const values = ctx.is('json') === 'json' ? readJson(text) : parseForm(text)
  for (const [name, value] of query) if (!values.has(name)) values.set(name, value)
  return values
}

function readJson(text: string): URLSearchParams {
  const values = new URLSearchParams()
  for (const [name, value] of Object.entries(parseObject(text))) {
    if (value === null || typeof value === 'object') continue
    values.set(name, String(value))
  }
  return parseForm(values.toString())
}

function parseObject(text: string): object {
  if (text === '') return {}
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json === 'object' && json !== null) return json
  } catch {
    // The same answer as for JSON that is no object.
  }
  throw new BadRequestError('The body is no JSON object.')
}
