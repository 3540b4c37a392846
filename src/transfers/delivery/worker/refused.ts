/** The node said no, with a reason. */
export class DeliveryRefusedError extends Error {
  override name = 'DeliveryRefusedError'
  readonly status: number
  readonly code: string
  /** With `OFFSET_MISMATCH`: how many bytes stand at the node. */
  readonly standsBytes: number

  constructor(status: number, code: string, message: string, standsBytes = Number.NaN) {
    super(message)
    this.status = status
    this.code = code
    this.standsBytes = standsBytes
  }
}

/** No repeat helps: the token is none, the version another, the place taken by another program. */
export function isFinalRefusal(error: unknown): error is DeliveryRefusedError {
  if (!(error instanceof DeliveryRefusedError)) return false
  return [400, 401, 403, 404, 426].includes(error.status) || error.code === 'SESSION_REPLACED'
}

/** The lease is not ours any more. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof DeliveryRefusedError && ['LEASE_LOST', 'SESSION_REPLACED'].includes(error.code)
}
