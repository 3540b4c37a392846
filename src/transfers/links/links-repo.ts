import type { Db } from '../../platform/db.ts'
import type { LinkState } from '../scheduling/link-state.ts'

/** What is stored of a link: what the operator set, and what the optimizer knows. */
export interface LinkRecord {
  link: string
  minActive: number | null
  maxActive: number | null
  /** A limit by time of day, as `parseBandwidth` reads it. */
  bandwidth: string | null
  isPaused: boolean
  pauseReason: string | null
  state: LinkState | undefined
  rationale: string
  decidedAtMs: number | null
}

/** What an operator may set of a link. */
export type LinkSettings = Pick<
  LinkRecord,
  'minActive' | 'maxActive' | 'bandwidth' | 'isPaused' | 'pauseReason'
>

export type LinkChange = { [Name in keyof LinkSettings]?: LinkSettings[Name] | undefined }

interface LinkRow {
  link: string
  min_active: number | null
  max_active: number | null
  bandwidth: string | null
  is_paused: number
  pause_reason: string | null
  optimizer: string
  rationale: string
  decided_at_ms: number | null
}

function fromRow(row: LinkRow): LinkRecord {
  const state = JSON.parse(row.optimizer) as LinkState | Record<string, never>
  return {
    link: row.link,
    minActive: row.min_active,
    maxActive: row.max_active,
    bandwidth: row.bandwidth,
    isPaused: row.is_paused === 1,
    pauseReason: row.pause_reason,
    state: 'decision' in state ? (state as LinkState) : undefined,
    rationale: row.rationale,
    decidedAtMs: row.decided_at_ms,
  }
}

export async function listLinks(db: Db): Promise<LinkRecord[]> {
  return (await db<LinkRow>('transfer_links').orderBy('link')).map(fromRow)
}

/**
 * Drops links of which the optimizer decided nothing since `beforeMs`, and of the others all but the latest
 * `keep`. What an operator limited or paused stays. Returns how many went.
 */
export async function dropUnusedLinks(
  db: Db,
  { beforeMs, keep }: { beforeMs: number; keep: number },
): Promise<number> {
  const free = () =>
    db<LinkRow>('transfer_links')
      .whereNull('min_active')
      .whereNull('max_active')
      .whereNull('bandwidth')
      .andWhere({ is_paused: 0 })
  const unused = await free()
    .andWhere((old) => old.whereNull('decided_at_ms').orWhere('decided_at_ms', '<', beforeMs))
    .delete()
  const order = [
    { column: 'decided_at_ms', order: 'desc' },
    { column: 'link', order: 'asc' },
  ] as const
  const oldest = await free()
    .orderBy([...order])
    .offset(keep)
    .limit(1)
    .first('decided_at_ms')
  if (oldest === undefined) return unused
  return unused + (await free().andWhere('decided_at_ms', '<=', oldest.decided_at_ms).delete())
}

/** Keeps what the optimizer decided; what the operator set stays. */
export async function saveLinkState(db: Db, link: string, state: LinkState, nowMs: number): Promise<void> {
  const row = { optimizer: JSON.stringify(state), rationale: state.rationale, decided_at_ms: nowMs }
  await db('transfer_links')
    .insert({ link, ...row })
    .onConflict('link')
    .merge(row)
}

/** Sets what is named; null takes a limit away. */
export async function saveLinkSettings(db: Db, link: string, set: LinkChange): Promise<void> {
  const row = {
    ...(set.minActive === undefined ? {} : { min_active: set.minActive }),
    ...(set.maxActive === undefined ? {} : { max_active: set.maxActive }),
    ...(set.bandwidth === undefined ? {} : { bandwidth: set.bandwidth }),
    ...(set.isPaused === undefined ? {} : { is_paused: Number(set.isPaused) }),
    ...(set.pauseReason === undefined ? {} : { pause_reason: set.pauseReason }),
  }
  const insertion = db('transfer_links')
    .insert({ link, ...row })
    .onConflict('link')
  await (Object.keys(row).length === 0 ? insertion.ignore() : insertion.merge(row))
}
