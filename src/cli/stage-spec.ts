import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import type { StageSpec } from '../client/operations.ts'
import { messageOf } from '../platform/errors.ts'
import { usageError } from './exit.ts'
import { parseDriveOnly, parseTransferSource } from './locations.ts'

export interface StageWishes {
  spec?: string
  dir?: string
  input: string[]
  output: string[]
  label?: string
}

/** The order of a set: a file of JSON or YAML, and over it what the command line says. */
export async function readStageSpec(wishes: StageWishes): Promise<StageSpec> {
  const written = wishes.spec === undefined ? {} : await readSpec(wishes.spec)
  const dir = wishes.dir ?? written.dir
  if (typeof dir !== 'string')
    throw usageError('Name the directory of the job with --dir, or "dir" in the spec.')
  return {
    ...written,
    dir,
    ...(wishes.label === undefined ? {} : { label: wishes.label }),
    inputs: [...listOf(written.inputs), ...wishes.input.map(toInput)],
    outputs: [...listOf(written.outputs), ...wishes.output.map(toOutput)],
  }
}

/** Whether all of it is right is the node's to say. */
async function readSpec(file: string): Promise<Partial<StageSpec>> {
  try {
    // JSON is YAML, too.
    const spec: unknown = parse(await readFile(file, 'utf8'))
    if (typeof spec === 'object' && spec !== null && !Array.isArray(spec)) return spec as Partial<StageSpec>
  } catch (error) {
    throw usageError(`The spec ${file} cannot be read: ${messageOf(error)}`)
  }
  throw usageError(`The spec ${file} is not an object with inputs and outputs.`)
}

function listOf<T>(value: T[] | undefined): T[] {
  return Array.isArray(value) ? value : []
}

/** `SOURCE=NAME`; the source `client` is sent by this user's machine. */
function toInput(text: string) {
  const [place, name] = halves(text, text.lastIndexOf('='), '--input SOURCE=NAME')
  return {
    source: place === 'client' ? { client: true as const } : toPlace(place, parseTransferSource),
    name,
  }
}

/** `NAME=DESTINATION`. */
function toOutput(text: string) {
  const [name, place] = halves(text, text.indexOf('='), '--output NAME=DESTINATION')
  return { name, destination: toPlace(place, (path) => ({ path: parseDriveOnly(path) })) }
}

function halves(text: string, at: number, form: string): [string, string] {
  const parts: [string, string] = [text.slice(0, at), text.slice(at + 1)]
  if (at < 1 || parts[1] === '') throw usageError(`${text} is not of the form ${form}.`)
  return parts
}

/** A URL, `endpoint:NAME/path`, a share or a path in the drive. */
function toPlace<T>(text: string, otherwise: (text: string) => T) {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { url: text }
  const [, endpoint, path = ''] = /^endpoint:([^/]+)\/?(.*)$/s.exec(text) ?? []
  return endpoint === undefined ? otherwise(text) : { endpoint, path }
}
