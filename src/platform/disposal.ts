/** Something that holds a resource until it is closed. */
export interface Closable {
  close(): Promise<void> | void
}

/** Closes what was opened, in reverse order, whatever fails on the way (the last failure is thrown). */
export class DisposalStack {
  private readonly closers: (() => Promise<void> | void)[] = []

  use<T extends Closable>(resource: T): T {
    this.closers.push(() => resource.close())
    return resource
  }

  defer(closer: () => Promise<void> | void): void {
    this.closers.push(closer)
  }

  async close(): Promise<void> {
    let failure: unknown
    for (const closer of this.closers.splice(0).reverse()) {
      try {
        await closer()
      } catch (error) {
        failure = error
      }
    }
    if (failure !== undefined) throw failure
  }
}
