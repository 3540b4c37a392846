import type { Picked } from './types.ts'

/** What was chosen by an input; with `webkitdirectory` the names of folders are in it. */
export function pickedOf(files: Iterable<File>): Picked[] {
  return [...files].map((file) => {
    const below = file.webkitRelativePath.split('/').filter(Boolean)
    return { names: below.length > 0 ? below : [file.name], file }
  })
}

/** What was dropped, with all that is in folders; must be called while the event is at work. */
export async function pickedFromDrop(data: DataTransfer): Promise<Picked[]> {
  // The list is emptied when the event is over: everything is taken out of it before the first wait.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? undefined)
  const files = [...data.files]
  if (entries.every((entry) => entry === undefined)) return pickedOf(files)
  const picked: Picked[] = []
  for (const entry of entries) if (entry !== undefined) await collect(entry, [], picked)
  return picked
}

async function collect(entry: FileSystemEntry, above: readonly string[], into: Picked[]): Promise<void> {
  const names = [...above, entry.name]
  if (entry.isFile) {
    into.push({ names, file: await fileOf(entry as FileSystemFileEntry) })
    return
  }
  const members = await membersOf(entry as FileSystemDirectoryEntry)
  if (members.length === 0) into.push({ names })
  for (const member of members) await collect(member, names, into)
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

/** A folder gives its members in portions, until one is empty. */
async function membersOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const members: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (some.length === 0) return members
    members.push(...some)
  }
}
