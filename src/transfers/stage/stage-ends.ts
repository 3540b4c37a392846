import { parsePath } from '../../store/paths.ts'
import type { EndpointResolver } from '../endpoints.ts'
import type { StageStore } from './stage-store.ts'

/** Adds the directories of sets to what can be an end of a transfer: endpoints named `stage:<id>`. */
export function withStages(
  endpoints: EndpointResolver,
  storeFor: (userId: string, id: string) => Promise<StageStore>,
): EndpointResolver {
  const open = async (userId: string, ref: object) => {
    const id =
      'endpoint' in ref && typeof ref.endpoint === 'string'
        ? /^stage:(.+)$/.exec(ref.endpoint)?.[1]
        : undefined
    if (id === undefined) return undefined
    return { store: await storeFor(userId, id), path: parsePath('path' in ref ? String(ref.path) : '') }
  }
  return {
    resolveSource: async (userId, ref) => (await open(userId, ref)) ?? endpoints.resolveSource(userId, ref),
    resolveDestination: async (userId, ref) =>
      (await open(userId, ref)) ?? endpoints.resolveDestination(userId, ref),
  }
}
