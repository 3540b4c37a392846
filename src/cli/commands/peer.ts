import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import type { Peer } from '../../client/operations.ts'
import { type CliContext, type CommandCall, onAction } from '../context.ts'
import { exitCodes, usageError } from '../exit.ts'
import { formatTime } from '../format.ts'
import { operator } from '../operator.ts'
import { printFindings } from './doctor.ts'
import { registerPeerKeys } from './peer-keys.ts'

const PEER_HELP = `
"causeway peer HOST" asks another server what it is and shows what is spoken with it, whether that works,
and what to do. It needs a login as administrator; with DIR it works on the folder of a node instead.
Without HOST it lists the servers that the node knows. The exit code is 1 when something fails.`

interface PeerOptions {
  check: boolean
  providerEntry?: boolean
}

/** Adds `peer …`: what is known of other servers, and their keys. */
export function registerPeer(program: Command, context: CliContext): void {
  const peer = program
    .command('peer')
    .argument('[host]', 'another server; all known ones unless given')
    .argument('[dir]', 'folder of the node; the node you are logged in to unless given')
    .option('--no-check', 'show what is known, without asking the server')
    .option('--provider-entry', 'print the entry of the node for ocmproviders.json of oCIS and OpenCloud')
    .description('What is spoken with another server, whether it works, and the keys it signs with.')
    .addHelpText('after', PEER_HELP)
  onAction<PeerOptions>(peer, context, async (call) => {
    const [first, second] = call.args
    if (call.options.providerEntry === true) return printEntry(call, first)
    return first === undefined ? listPeers(call) : showPeer(call, first, second)
  })
  registerPeerKeys(peer, context)
}

async function showPeer(
  { options, output, api }: CommandCall<PeerOptions>,
  host: string,
  folder: string | undefined,
): Promise<number> {
  const check = options.check ? 'true' : 'false'
  const peer: Peer =
    folder === undefined
      ? await (await api()).getPeer({ params: { host }, query: { check } })
      : ((await (await operator.admin()).inspectPeer(folder, host, options)) as Peer)
  if (output.json) output.result(peer, () => '')
  else printFindings(peer.findings, output)
  const isBroken = peer.findings.some((finding) => finding.level === 'fail')
  return isBroken ? exitCodes.failed : exitCodes.ok
}

async function listPeers({ api, output }: CommandCall<PeerOptions>): Promise<void> {
  output.list(await listAll((await api()).pages('listPeers')), {
    headings: ['HOST', 'STATE', 'PROVIDER', 'VERSION', 'FORM', 'SIGNED', 'LAST SUCCESS', 'LAST FAILURE'],
    row: (peer) => [
      ...[peer.host, peer.state, peer.provider, peer.apiVersion],
      ...[peer.dialect ?? '', peer.signatures ?? ''],
      peer.lastSuccess === undefined ? '' : formatTime(peer.lastSuccess.at),
      peer.lastFailure === undefined ? '' : `${formatTime(peer.lastFailure.at)} ${peer.lastFailure.reason}`,
    ],
    empty: 'This node has not exchanged messages with any server yet.',
  })
}

/** JSON with and without `--json`: it is what stands in their file. */
async function printEntry({ args, api, output }: CommandCall<PeerOptions>, folder: string | undefined) {
  if (args.length > 1) throw usageError('peer --provider-entry takes DIR, or nothing when you are logged in.')
  const entry =
    folder === undefined
      ? await (await api()).getProviderEntry()
      : (await operator.admin()).printProviderEntry(folder)
  output.result(entry, () => JSON.stringify(entry, undefined, 2))
}
