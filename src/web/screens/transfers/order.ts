import type { Body } from '../../../client/client.ts'
import type { TransferDestination, TransferSource } from '../../../client/operations.ts'

/** What the dialog of a new transfer holds. */
export interface OrderValues {
  /** A path of the drive, or an address; asked for when nothing was chosen before. */
  from: string
  to: 'drive' | 'contact' | 'endpoint' | 'url'
  /** A path in the drive or at the endpoint, or a URL. */
  place: string
  endpoint: string
  contact: string
  label: string
  note: string
  overwrite: 'never' | 'always' | 'if-different'
  isMirror: boolean
  repeat: 'once' | 'hourly' | 'daily' | 'weekly'
}

export const EMPTY_ORDER: OrderValues = {
  ...{ from: '', to: 'drive', place: '/', endpoint: '', contact: '', label: '', note: '' },
  ...{ overwrite: 'if-different', isMirror: false, repeat: 'once' },
}

/** What was chosen before, else what was typed: a path of the drive or an address. */
export function sourceOf(chosen: TransferSource | undefined, { from }: OrderValues): TransferSource {
  return chosen ?? endOf(from.trim())
}

function endOf(text: string): { path: string } | { url: string } {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? { url: text } : { path: text }
}

/** Where the copy goes; a place that ends with a slash is a folder into which it goes under its own name. */
export function destinationOf(source: TransferSource, values: OrderValues): TransferDestination {
  const place = values.place.endsWith('/') ? values.place + nameOf(source) : values.place
  if (values.to === 'url') return { url: place }
  if (values.to === 'endpoint') return { endpoint: values.endpoint, path: place }
  return { path: place }
}

function nameOf(source: TransferSource): string {
  const text = 'path' in source ? (source.path ?? '') : 'url' in source ? new URL(source.url).pathname : ''
  return text.split('/').filter(Boolean).pop() ?? ''
}

export function transferBody(source: TransferSource, values: OrderValues): Body<'submitTransfer'> {
  const { label, overwrite, isMirror } = values
  return {
    ...{ source, destination: destinationOf(source, values), overwrite },
    ...(label !== '' && { label }),
    ...(isMirror && { options: { deleteExtra: true } }),
  }
}

const RULES = { hourly: 'every 1h', daily: 'daily 02:00', weekly: '0 2 * * 0' }

export function scheduleBody(source: TransferSource, values: OrderValues): Body<'createTransferSchedule'> {
  const at = RULES[values.repeat === 'once' ? 'daily' : values.repeat]
  const label = values.label === '' ? nameOf(source) : values.label
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return { label, order: transferBody(source, values), schedule: { at, timeZone } }
}

/** A push is an offer of something in the own drive. */
export function pushBody(source: TransferSource, values: OrderValues): Body<'pushTransfer'> {
  const path = 'path' in source && !('endpoint' in source) ? (source.path ?? '/') : '/'
  const { contact, note, label } = values
  return { path, contact, ...(note !== '' && { note }), ...(label !== '' && { label }) }
}
