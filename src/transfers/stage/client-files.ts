import { parsePath } from '../../store/paths.ts'
import type { EndpointResolver } from '../endpoints.ts'
import { clientPath } from './stage-orders.ts'
import type { Stage } from './stage-spec.ts'

/** Inputs of a set that the user's machine sends: they lie in a folder of the user's drive until they are fetched. */
export class ClientFiles {
  private readonly endpoints: EndpointResolver

  constructor(endpoints: EndpointResolver) {
    this.endpoints = endpoints
  }

  /** What the user's machine sends is there when it is complete: drives show nothing half. */
  async isThere(stage: Stage, index: number): Promise<boolean> {
    const input = stage.spec.inputs[index]
    if (input === undefined || !('client' in input.source)) return true
    const { store, path } = await this.endpoints.resolveSource(stage.userId, {
      path: clientPath(stage.id, input.name),
    })
    return store.stat(path).then(
      ({ kind }) => kind === 'file',
      () => false,
    )
  }

  async makeFolders(stage: Stage): Promise<void> {
    const names = stage.spec.inputs.flatMap(({ source, name }) => ('client' in source ? [name] : []))
    for (const name of names) {
      const path = parsePath(clientPath(stage.id, name))
      const { store } = await this.endpoints.resolveDestination(stage.userId, { path: '/' })
      for (let depth = 1; depth < path.length; depth++)
        await store.makeCollection(path.slice(0, depth)).catch(() => undefined)
    }
  }

  /** Removes the folder when the set is over. */
  async remove(stage: Stage): Promise<void> {
    if (!stage.spec.inputs.some(({ source }) => 'client' in source)) return
    const { store } = await this.endpoints.resolveDestination(stage.userId, { path: '/' })
    await store.remove([`.stage-${stage.id}`]).catch(() => undefined)
  }
}
