import type { DavMethod } from './mount.ts'
import { options } from './options.ts'
import { propfind } from './propfind.ts'
import { put } from './put.ts'

/** Of a folder that takes files and shows none: nothing else has a meaning there. */
export const dropMethods: ReadonlyMap<string, DavMethod> = new Map([
  ['OPTIONS', options],
  ['PROPFIND', propfind],
  ['PUT', put],
])
