import { CHECKSUM_TYPES, type ChecksumType } from './checksums.ts'
import { usageError } from './exit.ts'

/** What an option of an ARC URL may be, what becomes of it, and why where that is nothing. */
export interface ArcOption {
  /** Said in the error about any other value. */
  values: string
  accepts: RegExp
  effect: 'honoured' | 'ignored' | 'refused'
  /** Of ignored and refused ones: the reason, told once. Of honoured ones: how. */
  reason: string
  /** Values that ask for what is done anyway, or for nothing; no word is said about them. */
  silent?: RegExp
}

const YES_NO = { values: 'yes or no', accepts: /^(yes|no)$/ }
const ANY = { values: 'any text', accepts: /^.*$/s }
const noSrm = { effect: 'ignored', reason: 'it is for SRM and GridFTP, which are not spoken here' } as const
const noCatalogue = {
  effect: 'ignored',
  reason: 'it is for file catalogues, which are not spoken here',
} as const

/** Every option of ARC's table (URL syntax, "Options"). `option` alone means `option=yes`. */
export const ARC_OPTIONS: Readonly<Record<string, ArcOption>> = {
  threads: {
    values: 'a number from 1 to 10',
    accepts: /^([1-9]|10)$/,
    effect: 'honoured',
    reason: 'large files are read over so many connections',
  },
  httpgetpartial: { ...YES_NO, effect: 'honoured', reason: 'no: whole answers only, nothing is resumed' },
  httpputpartial: {
    ...YES_NO,
    effect: 'honoured',
    reason: 'large files go up in pieces where the server offers that; no: never',
  },
  exec: { ...YES_NO, effect: 'honoured', reason: 'the local copy may be run by its owner' },
  readonly: { ...YES_NO, effect: 'honoured', reason: 'yes, when written: nobody may write the local copy' },
  overwrite: { ...YES_NO, effect: 'honoured', reason: 'no: what is there stays, and the copy fails' },
  autodir: { ...YES_NO, effect: 'honoured', reason: 'missing folders of the destination are made' },
  failureallowed: { ...YES_NO, effect: 'honoured', reason: 'a failure is told and changes no exit code' },
  secure: { ...YES_NO, effect: 'honoured', reason: 'yes: anything but TLS is refused' },
  checksum: {
    values: `${CHECKSUM_TYPES.join(', ')} or no`,
    accepts: new RegExp(`^(${CHECKSUM_TYPES.join('|')}|no)$`),
    effect: 'honoured',
    reason: 'what is computed on the way; no: only lengths are compared',
  },
  checksumtype: {
    values: CHECKSUM_TYPES.join(', '),
    accepts: new RegExp(`^(${CHECKSUM_TYPES.join('|')})$`),
    effect: 'honoured',
    reason: 'as behind the path',
  },
  checksumvalue: {
    values: 'hexadecimal digits',
    accepts: /^[0-9a-fA-F]+$/,
    effect: 'honoured',
    reason: 'as behind the path',
  },
  blocksize: {
    values: 'a number of bytes from 1024 to 16777216',
    accepts: /^(102[4-9]|10[3-9]\d|1[1-9]\d\d|[2-9]\d{3}|\d{5,7}|1[0-5]\d{6}|16[0-6]\d{5}|16777216)$/,
    effect: 'honoured',
    reason: 'local files are read and written in such blocks',
  },
  cache: {
    values: 'yes, no, renew, copy, check or invariant',
    accepts: /^(yes|no|renew|copy|check|invariant)$/,
    effect: 'ignored',
    reason: 'cp keeps no cache; the node has one for "causeway transfer"',
    silent: /^(no|copy|check)$/,
  },
  preserve: {
    ...YES_NO,
    effect: 'honoured',
    reason: 'cp belongs to no job; a copy is made whatever else failed',
    silent: /^/,
  },
  tcpnodelay: { ...YES_NO, effect: 'ignored', reason: 'it is always on here', silent: /^yes$/ },
  relativeuri: {
    ...YES_NO,
    effect: 'ignored',
    reason: 'requests always name the path only; the host stands in its header',
    silent: /^yes$/,
  },
  protocol: {
    values: 'gsi, gssapi, ssl, tls or ssl3',
    accepts: /^(gsi|gssapi|ssl|tls|ssl3)$/,
    ...noSrm,
    silent: /^tls$/,
  },
  spacetoken: { ...ANY, ...noSrm },
  transferprotocol: { ...ANY, ...noSrm },
  passive: { ...YES_NO, ...noSrm },
  rucioaccount: { ...ANY, ...noCatalogue },
  guid: { ...ANY, ...noCatalogue },
  preferredpattern: {
    ...ANY,
    effect: 'refused',
    reason: 'a URL names one replica here; list the others as transfers of their own',
  },
}

/** What the options of a URL ask of `cp`; absent ones leave it to us. */
export interface ArcTerms {
  threads?: number
  getPartial?: boolean
  putPartial?: boolean
  executable?: boolean
  readOnly?: boolean
  overwrite?: boolean
  makeParents?: boolean
  failureAllowed?: boolean
  secure?: boolean
  /** Empty for `checksum=no`. */
  checksumTypes?: readonly ChecksumType[]
  blockBytes?: number
}

/**
 * Checks the options of one URL. Unknown ones, wrong values and refused ones are usage errors; `remark`
 * hears of those that are ignored.
 */
export function readArcOptions(
  options: ReadonlyMap<string, string>,
  remark: (text: string) => void,
): ArcTerms {
  for (const [name, value] of options) checkOption(name, value || 'yes', remark)
  const isYes = (name: string) => {
    const value = options.get(name)
    return value === undefined ? undefined : value !== 'no'
  }
  const number = (name: string) => (options.has(name) ? Number(options.get(name)) : undefined)
  const checksum = options.get('checksum') as ChecksumType | 'no' | undefined
  return withoutAbsent({
    threads: number('threads'),
    getPartial: isYes('httpgetpartial'),
    putPartial: isYes('httpputpartial'),
    executable: isYes('exec'),
    readOnly: isYes('readonly'),
    overwrite: isYes('overwrite'),
    makeParents: isYes('autodir'),
    failureAllowed: isYes('failureallowed'),
    secure: isYes('secure'),
    checksumTypes: checksum === undefined ? undefined : checksum === 'no' ? [] : [checksum],
    blockBytes: number('blocksize'),
  })
}

function checkOption(name: string, value: string, remark: (text: string) => void): void {
  if (!Object.hasOwn(ARC_OPTIONS, name)) {
    const known = Object.keys(ARC_OPTIONS).join(', ')
    throw usageError(`";${name}" is no option of a URL; those are ${known}.`)
  }
  const option = ARC_OPTIONS[name] as ArcOption
  if (!option.accepts.test(value)) throw usageError(`";${name}" takes ${option.values}.`)
  if (option.effect === 'refused') throw usageError(`";${name}" is refused: ${option.reason}.`)
  if (option.effect === 'ignored' && option.silent?.test(value) !== true)
    remark(`";${name}=${value}" is ignored: ${option.reason}.`)
}

function withoutAbsent(terms: { [Name in keyof ArcTerms]: ArcTerms[Name] | undefined }): ArcTerms {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined))
}
