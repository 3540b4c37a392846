import { z } from 'zod'

/** What desktop and mobile clients are offered. */
export const clients = z.strictObject({
  bulkUpload: z
    .enum(['safe', 'always', 'never'])
    .default('safe')
    .describe('Whom to offer bulk upload: desktop clients that send empty files right, all, or none.'),
})

/** A web page of another server that opens files of a kind. */
export const app = z.strictObject({
  name: z.string().min(1),
  kind: z.literal('link').describe('`link`: a web page that is handed the file by address.'),
  url: z
    .url({ protocol: /^(?!javascript$|data$|vbscript$)/ })
    .describe('May hold {fileId}, {fileName} and {lang}.'),
  description: z.string().optional(),
  icon: z.string().optional(),
  mimeTypes: z.array(z.string()).min(1),
})
