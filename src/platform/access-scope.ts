/** What a token of limited power may do, in the words of dCache's macaroons, which grid clients ask for. */
export const ACTIVITIES = ['LIST', 'DOWNLOAD', 'UPLOAD', 'MANAGE', 'DELETE'] as const
export type Activity = (typeof ACTIVITIES)[number]

/** Some activities in the drive of the token's user, at a path and everything below it. */
export interface Grant {
  path: readonly string[]
  activities: readonly Activity[]
}

/** Everything that one token allows; what is in no grant is forbidden. */
export type AccessScope = readonly Grant[]

/** True when a grant covers a path with one of the activities. */
export function isGranted(
  scope: AccessScope,
  path: readonly string[],
  activities: readonly Activity[],
): boolean {
  return scope.some(
    (grant) =>
      isBelow(path, grant.path) && activities.some((activity) => grant.activities.includes(activity)),
  )
}

/** True for a path that leads to something granted: it may be passed, but not looked into. */
export function leadsToGranted(scope: AccessScope, path: readonly string[]): boolean {
  return scope.some((grant) => isBelow(grant.path, path))
}

function isBelow(path: readonly string[], ancestor: readonly string[]): boolean {
  return path.length >= ancestor.length && ancestor.every((name, index) => path[index] === name)
}
