import { NotFoundError } from '../../platform/errors.ts'
import { placesOf, type TransferDestination, type TransferSource } from '../endpoints.ts'
import type { JobContext } from '../job-contexts.ts'
import { assertNotInside } from '../new-job.ts'
import { namesOf } from '../run.ts'
import type { TransferJob } from '../types.ts'

/** Some servers write letters with accents in another form than they were given: what was just copied stays. */
export function formsOf(path: string): string[] {
  return [...new Set([path, path.normalize('NFC'), path.normalize('NFD')])]
}

/**
 * The source as it is now. Places may have been moved since the order was given, and a source may have several:
 * none of them may lie where things are removed.
 */
export async function sourceApartFrom(
  context: JobContext,
  job: TransferJob,
  destination: TransferDestination,
): Promise<TransferSource> {
  const found: TransferSource[] = []
  let refusal: unknown
  for (const place of placesOf(job.source)) {
    const source = await context.source(place).catch((error: unknown) => {
      refusal ??= error
    })
    if (source === undefined) continue
    await assertNotInside(source, destination)
    found.push(source)
  }
  const [first] = found
  if (first === undefined) throw refusal
  return first
}

/** What the source has in a folder by now: another order may have brought it since this one was listed. */
export async function listNow({ store, path }: TransferSource, below: string): Promise<Set<string>> {
  try {
    const entries = await store.list([...path, ...namesOf(below)])
    return new Set(entries.flatMap(({ name }) => formsOf([...namesOf(below), name].join('/'))))
  } catch (error) {
    // A folder may go; a source that is gone as a whole is a mistake, and no wish to have nothing.
    if (error instanceof NotFoundError && below !== '') return new Set()
    throw error
  }
}
