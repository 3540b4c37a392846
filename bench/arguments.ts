import { parseArgs } from 'node:util'
import { cases } from './cases/index.ts'
import { peers } from './peers/index.ts'
import { type Case, fullSizes, type Peer, quickSizes, type Sizes } from './types.ts'

/** What a run is asked to do. */
export interface Options {
  cases: Case[]
  peers: Peer[]
  sizes: Sizes
  json: boolean
  /** Where the temporary folder is made; decides which disk is measured. */
  folder: string | undefined
}

const HELP = `bench [NAME…] [--small] [--rounds N] [--peers A,B] [--folder DIR] [--json]

NAME is a comparison or the beginning of its name: ${cases.map((one) => one.name).join(', ')}.
--small    small sizes and one round: does it work, not how fast is it
--rounds   how often each is measured (${fullSizes.rounds}); medians are reported
--peers    only these servers: ${peers.map((peer) => peer.name).join(', ')}
--folder   where the data of all servers lies; the system's temporary folder otherwise
--json     one JSON object instead of Markdown
`

/** Reads the command line; undefined when help was asked for or it makes no sense (exit code 2). */
export function readOptions(args: readonly string[]): Options | undefined {
  try {
    return parse(args)
  } catch (error) {
    process.exitCode = 2
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return undefined
  }
}

function parse(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      small: { type: 'boolean' },
      rounds: { type: 'string' },
      peers: { type: 'string' },
      folder: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return undefined
  }
  const sizes = values.small === true ? quickSizes : fullSizes
  const rounds = values.rounds === undefined ? sizes.rounds : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1 on')
  return {
    cases: positionals.length === 0 ? cases : positionals.flatMap((name) => choose(cases, name)),
    peers: values.peers === undefined ? peers : peers.filter(named(values.peers.split(','))),
    sizes: { ...sizes, rounds },
    json: values.json === true,
    folder: values.folder,
  }
}

function choose(from: readonly Case[], name: string): Case[] {
  const exact = from.filter((one) => one.name === name)
  const found = exact.length > 0 ? exact : from.filter((one) => one.name.startsWith(name))
  if (found.length === 0) throw new Error(`there is no comparison ${name}`)
  return found
}

function named(names: readonly string[]): (peer: Peer) => boolean {
  const unknown = names.find((name) => !peers.some((peer) => peer.name === name))
  if (unknown !== undefined) throw new Error(`there is no server ${unknown}`)
  return (peer) => names.includes(peer.name)
}
