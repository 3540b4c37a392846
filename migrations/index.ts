import type { Knex } from 'knex'
import { createAccounts } from './001_create_accounts.ts'
import { createFiles } from './010_create_files.ts'
import { createLocks } from './011_create_locks.ts'
import { createOcmPeers } from './020_create_ocm_peers.ts'
import { createShareTables } from './030_create_shares.ts'
import { createTransfers } from './040_create_transfers.ts'
import { createLoginFlows } from './050_create_login_flows.ts'
import { createKeptTrees } from './060_create_kept_trees.ts'
import { createChangeJournal } from './070_create_change_journal.ts'
import { rememberBirthsAndHeirs } from './071_remember_births_and_heirs.ts'
import { createOcmPeerFacts } from './080_create_ocm_peer_facts.ts'
import { createOcmKeys } from './081_create_ocm_keys.ts'
import { addShareTokens } from './082_add_share_tokens.ts'
import { createShareMessages } from './083_create_share_messages.ts'
import { createOcmDirectories } from './084_create_ocm_directories.ts'
import { createGroupsAndLinks } from './085_create_groups_and_links.ts'
import { createOcsNumbers } from './086_create_ocs_numbers.ts'
import { createNotifications } from './087_create_notifications.ts'
import { addWebapps } from './088_add_webapps.ts'
import { keepRetryAfter } from './089_keep_retry_after.ts'
import { createAccessTokens } from './090_create_access_tokens.ts'
import { createTransferEndpoints } from './091_create_transfer_endpoints.ts'
import { extendTransfers } from './100_extend_transfers.ts'
import { addTransferOrders } from './101_add_transfer_orders.ts'
import { createTransferCache } from './102_create_transfer_cache.ts'
import { createTransferDeliveries } from './103_create_transfer_deliveries.ts'
import { createSessions } from './104_create_sessions.ts'
import { createUserIdentities } from './105_create_user_identities.ts'
import { tellGroupOrigins } from './106_tell_group_origins.ts'
import { extendApi } from './107_extend_api.ts'
import { extendNotifications } from './108_extend_notifications.ts'
import { createActivities } from './109_create_activities.ts'
import { createMailOutbox } from './110_create_mail_outbox.ts'
import { addDataOffers } from './111_add_data_offers.ts'
import { addContactConsent } from './112_add_contact_consent.ts'
import { addCrc32c } from './114_add_crc32c.ts'
import { addSortNames } from './117_add_sort_names.ts'
import { tellWhatLeft } from './118_tell_what_left.ts'
import { watchTheNode } from './118_watch_the_node.ts'
import { addRefusedMessages } from './119_add_refused_messages.ts'
import type { Migration } from './migration.ts'

/** Every step of the schema, in order. */
export const migrations: readonly Migration[] = [
  createAccounts,
  createFiles,
  createLocks,
  createOcmPeers,
  createShareTables,
  createTransfers,
  createLoginFlows,
  createKeptTrees,
  createChangeJournal,
  rememberBirthsAndHeirs,
  createOcmPeerFacts,
  createOcmKeys,
  createShareMessages,
  addShareTokens,
  createOcmDirectories,
  createGroupsAndLinks,
  createOcsNumbers,
  createNotifications,
  addWebapps,
  keepRetryAfter,
  createAccessTokens,
  createTransferEndpoints,
  extendTransfers,
  addTransferOrders,
  createTransferCache,
  createTransferDeliveries,
  createSessions,
  createUserIdentities,
  tellGroupOrigins,
  extendApi,
  extendNotifications,
  createActivities,
  createMailOutbox,
  addDataOffers,
  addContactConsent,
  addCrc32c,
  addSortNames,
  tellWhatLeft,
  watchTheNode,
  addRefusedMessages,
]

const source: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (step) => step.name,
  getMigration: async (step) => step,
}

const settings: Knex.MigratorConfig = { migrationSource: source, tableName: 'migrations' }

/** Brings the schema to the newest step; does nothing when it is there already. */
export async function migrateToLatest(db: Knex): Promise<void> {
  await db.migrate.latest(settings)
}

/** Takes every step back, newest first. Data is lost; for tests of the steps. */
export async function migrateToNothing(db: Knex): Promise<void> {
  await db.migrate.rollback(settings, true)
}

/** The names of the steps that are in force and of those that are not yet. */
export async function migrationStatus(db: Knex): Promise<{ done: string[]; pending: string[] }> {
  const [done, pending] = (await db.migrate.list(settings)) as [{ name: string }[], Migration[]]
  return { done: done.map((step) => step.name), pending: pending.map((step) => step.name) }
}
