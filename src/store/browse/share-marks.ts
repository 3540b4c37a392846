/** How much of something its owner shares now. */
export interface GivenMark {
  /** With how many people and groups, here and elsewhere. */
  given: number
  /** There is a public link. */
  link: boolean
}

/** Who shared what stands at the root of a drive. */
export interface ReceivedMark {
  owner: { address: string; displayName: string }
  /** Its server does not let us in any more. */
  isGone: boolean
}

/** What listings tell of shares; from the room that knows them. One query for each, however many are asked for. */
export interface ShareMarks {
  /** By file id; only of those that are shared. */
  givenOf(userId: string, fileIds: readonly string[]): Promise<ReadonlyMap<string, GivenMark>>
  /** By the id of the received share. */
  receivedOf(userId: string, shareIds: readonly string[]): Promise<ReadonlyMap<string, ReceivedMark>>
}
