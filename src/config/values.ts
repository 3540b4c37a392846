import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** A network, for lists of who is believed or may be reached. */
export const cidr = z
  .string()
  .refine((text) => ipaddr.isValidCIDR(text), 'must be a network in CIDR form such as 10.0.0.0/8')

/** A TCP port; 0 asks the system for a free one. */
export const port = z.int().min(0).max(65_535)

/** At most a week: a timer that is set to more than 24 days fires at once. */
export const seconds = z.number().positive().max(604_800)

/** Address of another server, of plain http too: closed networks have no certificates. */
export const httpUrl = z.url({ protocol: /^https?$/ })
