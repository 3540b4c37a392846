import {
  ConflictError,
  InsufficientStorageError,
  MethodNotAllowedError,
  NotFoundError,
} from '../../platform/errors.ts'

/** Who asks for an upload that never was, is finished, given up or expired, or cannot be gone on with. */
export function notThere(): NotFoundError {
  return new NotFoundError('There is no such upload; it may have expired.')
}

/** Who begins an upload under the id of another one. */
export function begunAlready(): MethodNotAllowedError {
  return new MethodNotAllowedError('This upload was begun already.')
}

/** Who brings bytes for an upload that somebody ended meanwhile: deleted, finished, or it expired. */
export function gone(): ConflictError {
  return new ConflictError('This upload is gone. Begin a new one.')
}

/** Who goes on with an upload at another byte than where it ends. */
export function wrongOffset(offsetBytes: number): ConflictError {
  return new ConflictError(`The upload goes on at byte ${offsetBytes}. Send what comes from there on.`, {
    code: 'WRONG_OFFSET',
  })
}

/** Who begins one more than a user may have at a time. */
export function tooManyUploads(max: number): InsufficientStorageError {
  return new InsufficientStorageError(`You have ${max} unfinished uploads; finish or delete some.`)
}
