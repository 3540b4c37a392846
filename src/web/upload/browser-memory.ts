import { now } from '../format.ts'
import { RememberedUploads } from './remembered.ts'

/** What this browser remembers of uploads, for all of its tabs. */
export const remembered = new RememberedUploads(storage(), now)

/** Some browsers refuse even to be asked. */
function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  try {
    return window.localStorage
  } catch {
    return { getItem: () => null, setItem: () => undefined }
  }
}
