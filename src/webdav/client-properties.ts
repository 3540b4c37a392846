import type { LiveProperty, PropertySource } from './live-property.ts'
import { OC } from './wire.ts'

const EMPTY = () => ''
const ofRoot = ({ isRoot }: PropertySource) => (isRoot ? '' : undefined)

/** `share-types`: how the owner shared it; empty for what was not shared. */
function shareTypes({ entry, shareTypes: known }: PropertySource): string {
  const types = known?.get(entry.id) ?? []
  return types.map((type) => `<oc:share-type>${type}</oc:share-type>`).join('')
}

/**
 * What the desktop clients ask of every entry and this node has nothing to say to. Empty and not missing:
 * that means the same to them, and an answer of ten thousand entries needs no second `propstat` in each.
 * `downloadURL` and `dDC` would name another place to download from; `data-fingerprint`, of the root, would
 * say that a backup was restored.
 */
export const clientProperties: readonly LiveProperty[] = [
  { namespace: OC, name: 'downloadURL', isInAllprop: false, render: EMPTY },
  { namespace: OC, name: 'dDC', isInAllprop: false, render: EMPTY },
  { namespace: OC, name: 'share-types', isInAllprop: false, needs: 'shares', render: shareTypes },
  { namespace: OC, name: 'data-fingerprint', isInAllprop: false, render: ofRoot },
]
