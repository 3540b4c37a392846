import type { Case } from '../types.ts'
import { getLarge, putLarge } from './large-files.ts'
import { listing } from './listings.ts'
import { getSmall, putSmall } from './small-files.ts'
import { transferLarge, transferSmall } from './transfers.ts'

/** All comparisons, in the order of the report. */
export const cases: Case[] = [
  getLarge,
  putLarge,
  getSmall,
  putSmall,
  listing(1_000),
  listing(10_000),
  transferLarge,
  transferSmall,
]
