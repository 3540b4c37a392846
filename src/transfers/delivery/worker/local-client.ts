import { Readable } from 'node:stream'
import { AppError } from '../../../platform/errors.ts'
import type { HostRow } from '../hosts-repo.ts'
import type { HostRegistry } from '../registry.ts'
import type { DeliveryService } from '../service.ts'
import type { DeliveryClient } from '../wire.ts'
import { DeliveryRefusedError } from './refused.ts'

/** The delivery protocol without a wire: for a worker that has the node's own database. */
export function createLocalClient(deps: {
  registry: HostRegistry
  service: DeliveryService
  name: string
}): DeliveryClient {
  const { registry, service, name } = deps
  const call = async <T>(work: (host: HostRow) => Promise<T>): Promise<T> => {
    try {
      return await work(await registry.ensure(name))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const stands = Number(error.fields.find(({ field }) => field === 'offset')?.message ?? Number.NaN)
      throw new DeliveryRefusedError(error.status, error.code, error.message, stands)
    }
  }
  return {
    announce: (announcement) => call((host) => service.announce(host, announcement)),
    take: (order, signal) => call((host) => service.take(host, order, signal)),
    heartbeat: (beat) => call((host) => service.heartbeat(host, beat)),
    finished: (id, report) => call((host) => service.finished(host, id, report)),
    failed: (id, report) => call((host) => service.failed(host, id, report)),
    credentials: (id, session) => call((host) => service.credentials(host, id, session)),
    sourceNow: (id, session) => call((host) => service.sourceNow(host, id, session)),
    append: (id, { bytes, ...piece }) =>
      call((host) => service.append(host, id, { ...piece, stream: Readable.from([bytes]) })),
  }
}
