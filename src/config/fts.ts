import { z } from 'zod'
import { httpUrl } from './values.ts'

/** `transfers.fts`: an FTS3 server that copies between other servers where an order asks for it. */
export const fts = z.strictObject({
  url: httpUrl.describe('Its REST interface, such as https://fts.example.org:8446.'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe('What opens it; better by CAUSEWAY_TRANSFERS__FTS__TOKEN_FILE than in this file.'),
  activity: z.string().min(1).max(255).default('default').describe('The activity share the jobs count for.'),
  maxPollSeconds: z.number().min(0.01).max(3_600).default(30).describe('How rarely a long job is looked at.'),
})
