import type { Transfer } from '../client/operations.ts'
import type { Api } from './api.ts'
import { usageError } from './exit.ts'
import { NodeDoor } from './node-door.ts'
import type { NamedPlace } from './places.ts'
import { orderTransfer } from './send-order.ts'

type PlaceRef = { path: string } | { url: string }

/** Orders a copy that the node makes by itself; one side at least is in its drive. */
export async function orderCopy(
  api: Api,
  from: NamedPlace | undefined,
  to: NamedPlace | undefined,
  overwrite: 'never' | 'always' | undefined,
): Promise<Transfer> {
  const source = toRef(api, from)
  const destination = toRef(api, to)
  if ('url' in source && 'url' in destination)
    throw usageError('Neither side is in your drive; --background needs the node at one of them.')
  if (from?.location.kind === 'url' && from.location.checksum !== undefined)
    throw usageError('A stated checksum is compared by cp itself; leave --background out.')
  return orderTransfer(api, {
    source,
    destination,
    ...(overwrite === undefined ? {} : { overwrite }),
  })
}

function toRef(api: Api, place: NamedPlace | undefined): PlaceRef {
  const { drive } = place?.tree ?? {}
  if (place === undefined || drive === undefined)
    throw usageError('--background is for places that the node reaches: its drives and URLs.')
  if (place.location.kind === 'url' && place.location.credentials !== undefined)
    throw usageError('A password in a URL is not handed on; define an endpoint at the node.')
  const url = drive.urlOf(place.path)
  const path = new NodeDoor(api.connection, drive.http).pathInDrive(url)
  return path === undefined ? { url } : { path }
}
