import { WrappedStore } from '../../src/store/index.ts'
import type * as t from '../../src/store/types.ts'

/** Stands below the layers that look at a change before it begins, for what happens in the meantime. */
export class Doorway extends WrappedStore {
  /** The layers above let a change through, a write with its whole body; it has not had its turn yet. */
  before: () => Promise<void> = async () => undefined
  /** The change is done, and the layers above do not know yet. */
  afterwards: () => Promise<void> = async () => undefined

  override async write(path: t.StorePath, source: t.WriteSource, options?: t.WriteOptions) {
    return await this.next.write(path, 'staged' in source ? source : this.passed(source), options)
  }

  override async move(from: t.StorePath, to: t.StorePath, options: t.RelocateOptions) {
    return await this.through(() => this.next.move(from, to, options))
  }

  override async copy(from: t.StorePath, to: t.StorePath, options: t.CopyOptions) {
    return await this.through(() => this.next.copy(from, to, options))
  }

  override async remove(path: t.StorePath, conditions?: t.WriteConditions) {
    await this.through(() => this.next.remove(path, conditions))
  }

  private async through<T>(change: () => Promise<T>): Promise<T> {
    await this.before()
    const result = await change()
    await this.afterwards()
    return result
  }

  private async *passed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* source
    await this.before()
  }
}
