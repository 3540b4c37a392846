import { z } from 'zod'

const databases = z.discriminatedUnion('client', [
  z.strictObject({
    client: z.literal('sqlite'),
    file: z.string().default('causeway.db').describe('Relative to the folder of the node.'),
  }),
  z.strictObject({
    client: z.literal('postgres'),
    url: z
      .string()
      .describe('postgres://user:password@host/name; use CAUSEWAY_DATABASE__URL_FILE for the secret.'),
    poolSize: z.int().min(1).default(10),
  }),
])

/** Without `client` it is SQLite, so that its file alone can be configured. */
export const database = z.preprocess(
  (input) => (typeof input === 'object' ? { client: 'sqlite', ...input } : input),
  databases,
)

/** The files of the drives and what is kept of them. */
export const storage = z.strictObject({
  folder: z.string().default('spaces').describe('Where the files lie, relative to the folder of the node.'),
  fsync: z
    .enum(['always', 'rename', 'never'])
    .default('rename')
    .describe('What is flushed before a write is answered: file and folder, the file, or nothing.'),
  quotaBytes: z
    .int()
    .min(0)
    .optional()
    .describe('Bytes one user may store; no limit but the disk unless given.'),
  moreChecksums: z
    .array(z.enum(['sha1', 'md5', 'crc32c']))
    .default([])
    .describe('Checksums computed while writing beside SHA-256 and Adler-32.'),
  trashDays: z.int().min(0).default(30).describe('How long what was deleted can be restored; 0: not at all.'),
  versionDays: z
    .int()
    .min(0)
    .default(30)
    .describe('How long what was overwritten can be restored; 0: not at all.'),
  watchSeconds: z
    .int()
    .min(0)
    .default(10)
    .describe('How often a drive is looked through for changes made beside the node, at most; 0: never.'),
  maxUploadBytes: z.int().min(1).optional().describe('Largest single file taken.'),
})
