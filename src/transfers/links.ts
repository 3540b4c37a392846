/** How many files may travel over a link at the same time. */
export interface LinkLimits {
  /** How many more may start on this link while so many run; infinity where nothing limits it. */
  roomOf(link: string, running: number): number
}

/** For a node without limits. */
export const noLimits: LinkLimits = { roomOf: () => Infinity }
