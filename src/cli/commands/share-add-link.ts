import type { Command } from 'commander'
import { type CliContext, onAction } from '../context.ts'
import { readSecret } from '../prompt.ts'

/** Adds `share add-link`: what a public link of another server shows, as a share of one's own. */
export function registerAddLink(share: Command, context: CliContext): void {
  const add = share
    .command('add-link')
    .argument('<url>', 'public link of another server, such as https://cloud.example/s/AbC123')
    .option('--password-stdin', 'the password of the link, read from standard input')
    .description('Have what a link shows shared with you; then accept it like any other share.')
  onAction<{ passwordStdin?: boolean }>(add, context, async ({ api, args: [link = ''], options, output }) => {
    const password = options.passwordStdin ? await readSecret(context.stdin) : undefined
    const made = await (await api()).addLink({ body: { link, password } })
    output.result(made.share ?? { state: 'asked' }, () =>
      made.share === undefined
        ? 'asked; unless you have it already, it will be among `causeway share pending`'
        : `${made.share.name} of ${made.share.owner.address} waits for you: causeway share accept ${made.share.id}`,
    )
  })
}
