/** Small files are all waiting and no bytes: so many of them share one slot. */
export const SMALL_FILES_PER_SLOT = 8

export interface LaneCounts {
  small: number
  large: number
}

/**
 * How many more files of each lane may be taken. Large ones leave one slot to the small (when there is
 * more than one), small ones may use every slot that no large file holds.
 */
export function freeSlots(slots: number, running: LaneCounts): LaneCounts {
  const reserved = slots > 1 ? 1 : 0
  const smallSlots = Math.ceil(running.small / SMALL_FILES_PER_SLOT)
  const large = slots - Math.max(reserved, smallSlots) - running.large
  const small = (slots - running.large) * SMALL_FILES_PER_SLOT - running.small
  return { small: Math.max(0, small), large: Math.max(0, large) }
}
