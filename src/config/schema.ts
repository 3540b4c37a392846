import { z } from 'zod'
import { app, clients } from './apps.ts'
import { mail, notify } from './mail.ts'
import { network } from './network.ts'
import { ocm } from './ocm.ts'
import { log, ops, publicUrl, server } from './server.ts'
import { oidc, sessions } from './sign-in.ts'
import { database, storage } from './storage.ts'
import { transfers } from './transfers.ts'

/** Every key of `causeway.yaml`. Only `publicUrl` has no default. */
export const configSchema = z.strictObject({
  publicUrl: publicUrl.describe('Where the world reaches this node; the only source of absolute URLs.'),
  name: z.string().min(1).default('Causeway').describe('What people see as the name of this site.'),
  server: server.prefault({}),
  ops: ops.prefault({}),
  database: database.prefault({}),
  storage: storage.prefault({}),
  network: network.prefault({}),
  ocm: ocm.prefault({}),
  transfers: transfers.prefault({}),
  clients: clients.prefault({}),
  sessions: sessions.prefault({}),
  oidc: oidc.optional().describe('An identity provider to sign in with.'),
  mail: mail.prefault({}),
  notify: notify.prefault({}),
  apps: z.array(app).default([]),
  log: log.prefault({}),
})

/** The complete, checked configuration of a node. Rooms get their slice of it. */
export type Config = z.infer<typeof configSchema>
export type ConfigInput = z.input<typeof configSchema>
