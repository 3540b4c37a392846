import type { Command } from 'commander'
import { listAll } from '../../client/client.ts'
import { type CliContext, onAction } from '../context.ts'
import { formatBytes, formatTime } from '../format.ts'
import { parseDriveOnly } from '../locations.ts'

/** Adds `trash …` and `versions …`: what was deleted and what was overwritten. */
export function registerTrash(program: Command, context: CliContext): void {
  const trash = program.command('trash').description('What you deleted and can get back.')

  onAction(trash.command('list').description('Newest first.'), context, async ({ api, output }) => {
    output.list(await listAll((await api()).pages('listTrash')), {
      headings: ['NAME', 'DELETED', 'SIZE', 'WAS AT'],
      row: (item) => [item.name, formatTime(item.deletedAt), formatBytes(item.sizeBytes), item.path],
      empty: 'The trash is empty.',
    })
  })

  const restore = trash
    .command('restore')
    .argument('<name>', 'as "trash list" shows it')
    .description('Put something back where it was; never over something.')
  onAction(restore, context, async ({ api, args: [name = ''], output }) => {
    const restored = await (await api()).restoreFromTrash({ params: { name } })
    output.result(restored, () => `restored to ${restored.path}`)
  })

  const remove = trash.command('rm').argument('<name>').description('Remove something for good.')
  onAction(remove, context, async ({ api, args: [name = ''], output }) => {
    await (await api()).removeFromTrash({ params: { name } })
    output.result({ name, removed: true }, () => `${name} is gone for good`)
  })

  const empty = trash.command('empty').description('Remove everything in the trash for good.')
  onAction(empty, context, async ({ api, output }) => {
    await (await api()).emptyTrash()
    output.result({ emptied: true }, () => 'the trash is empty')
  })

  registerVersions(program, context)
}

function registerVersions(program: Command, context: CliContext): void {
  const versions = program.command('versions').description('What a file contained before.')

  const list = versions
    .command('list')
    .argument('<path>', 'a file in your drive')
    .description('Newest first.')
  onAction(list, context, async ({ api, args: [path = ''], output }) => {
    const query = { path: parseDriveOnly(path) }
    const found = await listAll((await api()).pages('listVersions', { query }))
    output.list(found, {
      headings: ['VERSION', 'WRITTEN', 'REPLACED', 'SIZE'],
      row: (item) => [
        item.version,
        formatTime(item.modifiedAt),
        formatTime(item.replacedAt),
        formatBytes(item.sizeBytes),
      ],
      empty: 'No earlier versions are kept.',
    })
  })

  const restore = versions
    .command('restore')
    .argument('<path>', 'a file in your drive')
    .argument('<version>', 'as "versions list" shows it')
    .description('Give a file the content it had; what it has now becomes a version.')
  onAction(restore, context, async ({ api, args: [path = '', version = ''], output }) => {
    const body = { path: parseDriveOnly(path), version }
    const restored = await (await api()).restoreVersion({ body })
    output.result({ ...restored, version }, () => `${restored.path} is again what it was`)
  })
}
