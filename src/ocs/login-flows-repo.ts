import type { Db } from '../platform/db.ts'
import { readRows } from '../platform/read-rows.ts'

interface LoginFlowRow {
  id: string
  poll_hash: string
  login_hash: string
  client: string
  user_id: string | null
  expires_at_ms: number
}

/** A sign-in that a program started and a person has yet to grant. */
export interface LoginFlow {
  id: string
  client: string
  /** Who granted it; undefined while it waits. */
  userId?: string
  expiresAtMs: number
}

export interface NewLoginFlow {
  id: string
  client: string
  pollHash: string
  loginHash: string
  expiresAtMs: number
}

/** The table `login_flows`. Of both secrets only SHA-256 is stored; they are long and random. */
export class LoginFlowsRepo {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  async insert(flow: NewLoginFlow): Promise<void> {
    await this.db<LoginFlowRow>('login_flows').insert({
      id: flow.id,
      poll_hash: flow.pollHash,
      login_hash: flow.loginHash,
      client: flow.client,
      user_id: null,
      expires_at_ms: flow.expiresAtMs,
    })
  }

  async count(): Promise<number> {
    const [row] = await readRows<{ flows: number | string }>(
      this.db,
      'select count(*) as flows from login_flows',
      [],
    )
    return Number(row?.flows ?? 0)
  }

  async findByLoginHash(loginHash: string): Promise<LoginFlow | undefined> {
    return this.find('select * from login_flows where login_hash = ?', loginHash)
  }

  async findByPollHash(pollHash: string): Promise<LoginFlow | undefined> {
    return this.find('select * from login_flows where poll_hash = ?', pollHash)
  }

  /** True when it was not granted before. */
  async grant(id: string, userId: string): Promise<boolean> {
    const rows = this.db<LoginFlowRow>('login_flows').where({ id }).whereNull('user_id')
    return (await rows.update({ user_id: userId })) > 0
  }

  /** True for the one caller that took it away. */
  async remove(id: string): Promise<boolean> {
    return (await this.db<LoginFlowRow>('login_flows').where({ id }).delete()) > 0
  }

  async removeExpired(nowMs: number): Promise<void> {
    await this.db<LoginFlowRow>('login_flows').where('expires_at_ms', '<=', nowMs).delete()
  }

  private async find(sql: string, hash: string): Promise<LoginFlow | undefined> {
    const [row] = await readRows<LoginFlowRow>(this.db, sql, [hash])
    if (row === undefined) return undefined
    const { id, client, user_id: userId } = row
    const expiresAtMs = Number(row.expires_at_ms)
    return userId === null ? { id, client, expiresAtMs } : { id, client, expiresAtMs, userId }
  }
}
