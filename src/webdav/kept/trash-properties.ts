import { escapeText } from '../../platform/xml.ts'
import { formatPath, nameOf } from '../../store/paths.ts'
import type { Entry } from '../../store/types.ts'
import type { LiveProperty } from '../live-property.ts'
import { NC } from '../wire.ts'

type Trashed = Required<Entry>['trashed']

function property(name: string, text: (trashed: Trashed) => string): LiveProperty {
  return {
    namespace: NC,
    name,
    isInAllprop: false,
    render: ({ entry }) => (entry.trashed === undefined ? undefined : escapeText(text(entry.trashed))),
  }
}

/** By what Nextcloud's clients know things in a trash. */
export const trashProperties: readonly LiveProperty[] = [
  property('trashbin-filename', ({ path }) => nameOf(path)),
  property('trashbin-original-location', ({ path }) => formatPath(path).slice(1)),
  property('trashbin-deletion-time', ({ deletedAtMs }) => `${Math.floor(deletedAtMs / 1_000)}`),
]
