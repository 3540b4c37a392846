import type { Db } from '../../platform/db.ts'
import type { EndpointKind, KnownAbilities, TransferEndpoint } from './types.ts'

const TABLE = 'transfer_endpoints'

interface Row {
  id: string
  owner_user_id: string | null
  owner_key: string
  name: string
  kind: EndpointKind
  url: string | null
  parameters: string
  secrets_sealed: string | null
  group_names: string | null
  abilities: string
  created_at_ms: number | string
}

function toEndpoint(row: Row): TransferEndpoint {
  return {
    id: row.id,
    ownerUserId: row.owner_user_id ?? undefined,
    name: row.name,
    kind: row.kind,
    url: row.url ?? undefined,
    parameters: JSON.parse(row.parameters) as Record<string, string>,
    secretsSealed: row.secrets_sealed ?? undefined,
    groupNames: row.group_names === null ? undefined : (JSON.parse(row.group_names) as string[]),
    abilities: JSON.parse(row.abilities) as KnownAbilities,
    createdAtMs: Number(row.created_at_ms),
  }
}

function toRow(endpoint: TransferEndpoint): Row {
  return {
    id: endpoint.id,
    owner_user_id: endpoint.ownerUserId ?? null,
    owner_key: endpoint.ownerUserId ?? '',
    name: endpoint.name,
    kind: endpoint.kind,
    url: endpoint.url ?? null,
    parameters: JSON.stringify(endpoint.parameters),
    secrets_sealed: endpoint.secretsSealed ?? null,
    group_names: endpoint.groupNames === undefined ? null : JSON.stringify(endpoint.groupNames),
    abilities: JSON.stringify(endpoint.abilities),
    created_at_ms: endpoint.createdAtMs,
  }
}

/** Adds it; false when its owner has one of that name already. */
export async function insertEndpoint(db: Db, endpoint: TransferEndpoint): Promise<boolean> {
  const made = await db(TABLE)
    .insert(toRow(endpoint))
    .onConflict(['owner_key', 'name'])
    .ignore()
    .returning('id')
  return made.length > 0
}

/** Writes all of it but its id and owner. */
export async function updateEndpoint(db: Db, endpoint: TransferEndpoint): Promise<void> {
  const { id, owner_key: _, owner_user_id: __, ...row } = toRow(endpoint)
  await db(TABLE).where({ id }).update(row)
}

export async function deleteEndpoint(db: Db, id: string): Promise<void> {
  await db(TABLE).where({ id }).delete()
}

/** Those of a user, and all of the operator, by name; whose groups do not matter yet. */
export async function listEndpoints(db: Db, userId: string): Promise<TransferEndpoint[]> {
  const rows: Row[] = await db(TABLE)
    .whereIn('owner_key', [userId, ''])
    .orderBy([{ column: 'name' }, { column: 'owner_key', order: 'desc' }])
  return rows.map(toEndpoint)
}

export async function countEndpoints(db: Db, userId: string): Promise<number> {
  const [row] = await db(TABLE).where({ owner_key: userId }).count<{ n: number | string }[]>({ n: '*' })
  return Number(row?.n ?? 0)
}
