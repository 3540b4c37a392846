import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { usageError } from '../exit.ts'
import { operator } from '../operator.ts'

const KEYS_HELP = `
A key goes from staged (published, so that peers know it) to active (signs) to retiring (published, so
that what it signed is still taken) to retired. Leave an hour between stage and activate, and ten
minutes between activate and retire. Running nodes follow within seconds, without a restart.`

const kinds = ['ed25519', 'rsa'] as const

/** Adds `keys …`: the keys a node signs its messages with; they work on the folder of a node. */
export function registerKeys(program: Command, context: CliContext): void {
  const folder = ['<dir>', 'folder of the node'] as const
  const keys = program
    .command('keys')
    .description('The keys a node signs its messages with.')
    .addHelpText('after', KEYS_HELP)

  const list = keys
    .command('list')
    .argument(...folder)
    .description('Newest first.')
  onAction(list, context, async ({ args: [dir = ''], output }) => {
    output.list((await (await operator.admin()).listKeys(dir)).map(toShown), {
      headings: ['KEY', 'KIND', 'STATE', 'MADE', 'CHANGED'],
      row: (key) => [key.kid, key.kind, key.state, key.createdAt, key.changedAt],
      empty: 'The node was never started and has no keys yet.',
    })
  })

  const stage = keys
    .command('stage')
    .argument(...folder)
    .option('--kind <kind>', 'ed25519, or rsa for Nextcloud 31 to 33', 'ed25519')
    .description('Make a key that is published and does not sign yet.')
  onAction<{ kind: string }>(stage, context, async ({ args: [dir = ''], options, output }) => {
    const key = await (await operator.admin()).stageKey(dir, toKind(options.kind))
    output.result(toShown(key), () => `${key.kid} is staged`)
  })

  const activate = keys
    .command('activate')
    .argument(...folder)
    .argument('[key]', 'the newest staged one unless given')
    .description('Let a staged key sign; the one before is retiring.')
  onAction(activate, context, async ({ args: [dir = '', kid], output }) => {
    const key = await (await operator.admin()).activateKey(dir, kid)
    output.result(toShown(key), () => `${key.kid} signs`)
  })

  const retire = keys
    .command('retire')
    .argument(...folder)
    .argument('<key>', 'as "keys list" shows it')
    .description('End a key that does not sign; its private half is forgotten.')
  onAction(retire, context, async ({ args: [dir = '', kid = ''], output }) => {
    const key = await (await operator.admin()).retireKey(dir, kid)
    output.result(toShown(key), () => `${key.kid} is retired`)
  })
}

function toKind(text: string): (typeof kinds)[number] {
  const kind = kinds.find((one) => one === text)
  if (kind === undefined) throw usageError(`--kind takes ${kinds.join(' or ')}, not "${text}".`)
  return kind
}

interface Key {
  kid: string
  kind: string
  state: string
  createdAtMs: number
  changedAtMs: number
}

function toShown({ createdAtMs, changedAtMs, ...key }: Key) {
  return { ...key, createdAt: isoTime(createdAtMs), changedAt: isoTime(changedAtMs) }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
