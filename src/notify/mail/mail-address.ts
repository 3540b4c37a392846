import { z } from 'zod'

const schema = z.email().max(254)

/** True for one address to which a mail can go; nothing that could end a header or name a second recipient. */
export function isMailAddress(text: string): boolean {
  return schema.safeParse(text).success
}
