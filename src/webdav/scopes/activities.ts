import { ACTIVITIES, type Activity } from '../../platform/access-scope.ts'
import { BadRequestError } from '../../platform/errors.ts'

/** dCache's further activities; to know a file's facts belongs to listing, to set them to managing. */
const MEANINGS: ReadonlyMap<string, Activity> = new Map([
  ...ACTIVITIES.map((activity): [string, Activity] => [activity, activity]),
  ['READ_METADATA', 'LIST'],
  ['UPDATE_METADATA', 'MANAGE'],
])

/** The activities of a list such as `LIST,DOWNLOAD`; `BadRequestError` for one that is unknown, or none. */
export function parseActivities(text: string): Activity[] {
  const names = text.split(',').map((name) => name.trim().toUpperCase())
  return [...new Set(names.map(parseActivity))]
}

export function parseActivity(name: string): Activity {
  const activity = MEANINGS.get(name.trim().toUpperCase())
  if (activity !== undefined) return activity
  throw new BadRequestError(`There is no activity ${JSON.stringify(name.slice(0, 40))} here.`, {
    code: 'UNKNOWN_ACTIVITY',
  })
}
