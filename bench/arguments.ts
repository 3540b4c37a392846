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
  /** A document with marks between which the report is written. */
  out: string | undefined
  /** Where the temporary folder is made; decides which disk is measured. */
  folder: string | undefined
  /** Processes of every node of ours; as its settings say when not given. */
  workers: number | undefined
}

/** Those that can be chosen; trees are no servers of their own. */
const servers = peers.filter((peer) => peer.role !== 'tree')
const trees = peers.filter((peer) => peer.role === 'tree')

const HELP = `bench [NAME…] [--small] [--rounds N] [--peers A,B] [--folder DIR] [--workers N] [--json | --out FILE]

NAME is a comparison, the beginning of its name, or a group (webdav, transfers, shares):
${cases.map((one) => one.name).join(', ')}.
--small    small sizes and one round: does it work, not how fast is it
--rounds   how often each is measured (${fullSizes.rounds}); medians are reported
--peers    only these servers: ${servers.map((peer) => peer.name).join(', ')}
--folder   where the data of all servers lies; the system's temporary folder otherwise
--workers  how many processes each node of ours runs (server.workers); their memory is summed
--json     one JSON object instead of Markdown
--out      writes the Markdown into FILE too, between <!-- results --> and <!-- /results -->
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
      workers: { type: 'string' },
      json: { type: 'boolean' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    process.stdout.write(HELP)
    return undefined
  }
  const sizes = values.small === true ? quickSizes : fullSizes
  return {
    cases: positionals.length === 0 ? cases : chooseCases(positionals),
    peers: choosePeers(values.peers),
    sizes: { ...sizes, rounds: toCount('--rounds', values.rounds) ?? sizes.rounds },
    json: values.json === true,
    out: values.out,
    folder: values.folder,
    workers: toCount('--workers', values.workers),
  }
}

function toCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`${option} takes a number from 1 on`)
  return count
}

/** In the order of the report, each once. */
function chooseCases(names: readonly string[]): Case[] {
  const chosen = new Set(names.flatMap(findCases))
  return cases.filter((one) => chosen.has(one))
}

function findCases(name: string): Case[] {
  const exact = cases.filter((one) => one.name === name || one.group === name)
  const found = exact.length > 0 ? exact : cases.filter((one) => one.name.startsWith(name))
  if (found.length === 0) throw new Error(`there is no comparison ${name}`)
  return found
}

function choosePeers(list: string | undefined): Peer[] {
  if (list === undefined) return peers
  const names = list.split(',')
  const unknown = names.find((name) => !servers.some((peer) => peer.name === name))
  if (unknown !== undefined) throw new Error(`there is no server ${unknown}`)
  return [...servers.filter((peer) => names.includes(peer.name)), ...trees]
}
