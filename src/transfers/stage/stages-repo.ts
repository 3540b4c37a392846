import type { Db } from '../../platform/db.ts'
import { prefixBindings } from '../../platform/sql-prefix.ts'
import {
  isStageOver,
  type Stage,
  type StageJob,
  type StageSpec,
  type StageState,
  stageStates,
} from './stage-spec.ts'

interface Row {
  id: string
  user_id: string
  label: string
  dir: string
  is_dir_made: number
  spec: string
  spec_hash: string
  state: StageState
  in_jobs: string
  out_jobs: string
  has_job_failed: number
  is_incomplete: number
  error_text: string | null
  created_at_ms: number
  updated_at_ms: number
  expires_at_ms: number
}

const openStates = stageStates.filter((state) => !isStageOver(state))

/** Throws a unique violation while another open set has the directory. */
export async function insertStage(db: Db, stage: Stage): Promise<void> {
  await db('transfer_stages').insert({
    id: stage.id,
    ...toRow(stage),
    user_id: stage.userId,
    created_at_ms: stage.createdAtMs,
  })
}

/** Writes what may change, unless somebody moved it on meanwhile; true when it was written. */
export async function saveStage(db: Db, stage: Stage, before: StageState): Promise<boolean> {
  return (await db('transfer_stages').where({ id: stage.id, state: before }).update(toRow(stage))) > 0
}

export async function findStage(db: Db, id: string): Promise<Stage | undefined> {
  const row = await db<Row>('transfer_stages').where({ id }).first()
  return row === undefined ? undefined : fromRow(row)
}

export async function findOpenStage(db: Db, dir: string): Promise<Stage | undefined> {
  const row = await db<Row>('transfer_stages').where({ dir }).whereIn('state', openStates).first()
  return row === undefined ? undefined : fromRow(row)
}

/** Another open set in a directory above or below this one. */
export async function findOverlapping(db: Db, { id, dir }: Stage): Promise<Stage | undefined> {
  const names = dir.split('/')
  const above = names.slice(2).map((_, index) => names.slice(0, index + 2).join('/'))
  const row = await db<Row>('transfer_stages')
    .whereIn('state', openStates)
    .andWhereNot({ id })
    .andWhere((near) =>
      near.whereIn('dir', above).orWhereRaw('substr(dir, 1, ?) = ?', prefixBindings(`${dir}/`)),
    )
    .first()
  return row === undefined ? undefined : fromRow(row)
}

/** Takes back a set that never began. */
export async function removeStage(db: Db, id: string): Promise<void> {
  await db('transfer_stages').where({ id }).delete()
}

/** Those that something can still happen to. */
export async function listOpenStages(db: Db): Promise<string[]> {
  const rows = await db<Row>('transfer_stages')
    .whereIn('state', openStates)
    .orderBy('created_at_ms')
    .select('id')
  return rows.map(({ id }) => id)
}

export interface StagePage {
  state?: StageState | undefined
  dir?: string | undefined
  limit: number
  before?: { createdAtMs: number; id: string } | undefined
}

/** Those of a user, newest first. */
export async function listStages(
  db: Db,
  userId: string,
  { state, dir, limit, before }: StagePage,
): Promise<Stage[]> {
  const query = db<Row>('transfer_stages').where({ user_id: userId }).limit(limit)
  if (state !== undefined) query.andWhere({ state })
  if (dir !== undefined) query.andWhere({ dir })
  if (before !== undefined) query.andWhereRaw('(created_at_ms, id) < (?, ?)', [before.createdAtMs, before.id])
  const rows = await query.orderBy([
    { column: 'created_at_ms', order: 'desc' },
    { column: 'id', order: 'desc' },
  ])
  return rows.map(fromRow)
}

function toRow(stage: Stage) {
  return {
    label: stage.label,
    dir: stage.dir,
    is_dir_made: Number(stage.isDirMade),
    spec: JSON.stringify(stage.spec),
    spec_hash: stage.specHash,
    state: stage.state,
    in_jobs: JSON.stringify(stage.inJobs),
    out_jobs: JSON.stringify(stage.outJobs),
    has_job_failed: Number(stage.hasJobFailed),
    is_incomplete: Number(stage.isIncomplete),
    error_text: stage.errorText,
    updated_at_ms: stage.updatedAtMs,
    expires_at_ms: stage.expiresAtMs,
  }
}

function fromRow(row: Row): Stage {
  return {
    id: row.id,
    userId: row.user_id,
    label: row.label,
    dir: row.dir,
    isDirMade: row.is_dir_made === 1,
    spec: JSON.parse(row.spec) as StageSpec,
    specHash: row.spec_hash,
    state: row.state,
    inJobs: JSON.parse(row.in_jobs) as StageJob[],
    outJobs: JSON.parse(row.out_jobs) as StageJob[],
    hasJobFailed: row.has_job_failed === 1,
    isIncomplete: row.is_incomplete === 1,
    errorText: row.error_text,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    expiresAtMs: row.expires_at_ms,
  }
}
