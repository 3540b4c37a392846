import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/log.ts'
import type { Outbound } from '../../../platform/outbound.ts'
import type { DeliveryRoom } from '../room.ts'
import type { Welcome } from '../wire.ts'
import { createLocalClient } from './local-client.ts'
import type { SharedFolder } from './path-map.ts'
import { DeliveryWorker } from './worker.ts'

export interface HostWorkerOptions {
  /** Under which the operator knows this host. */
  name: string
  slots: number
  folders: readonly SharedFolder[]
  onWelcome?: ((welcome: Welcome) => void) | undefined
}

/** Works for a node whose database this process has, until the signal aborts. */
export async function workHere(
  deps: { clock: Clock; log: Logger; outbound: Outbound },
  { service, hosts: registry }: DeliveryRoom,
  { name, slots, folders, onWelcome }: HostWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  const client = createLocalClient({ registry, service, name })
  // The outgoing rules are those of the node already, and its life is not ours to end.
  const openOutbound = (): Outbound => ({ ...deps.outbound, close: async () => undefined })
  const worker = new DeliveryWorker({
    ...{ client, openOutbound, slots, folders, clock: deps.clock, log: deps.log },
    ...(onWelcome === undefined ? {} : { onWelcome }),
  })
  await worker.run(signal)
}
