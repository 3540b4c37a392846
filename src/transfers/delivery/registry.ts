import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { ConflictError, NotFoundError, UnauthenticatedError } from '../../platform/errors.ts'
import { equalSecrets, newId, newSecret, sha256Hex } from '../../platform/ids.ts'
import { endLeasesOf } from './deliveries-repo.ts'
import {
  findHost,
  findHostByName,
  type HostRow,
  insertHost,
  listHosts,
  removeHost,
  setDraining,
} from './hosts-repo.ts'

/** Marks tokens of workers, so that logs and secret scanners can recognise one: `cww_<id>_<secret>`. */
const PREFIX = 'cww'

/** The delivery workers an operator let in, and how each proves who it is. */
export class HostRegistry {
  private readonly db: Db
  private readonly clock: Clock

  constructor({ db, clock }: { db: Db; clock: Clock }) {
    this.db = db
    this.clock = clock
  }

  /** Lets one in; the token is told this once. Throws 409 for a name that is taken. */
  async add(name: string): Promise<{ host: HostRow; token: string }> {
    const secret = newSecret(32)
    const host = await this.insert(name, sha256Hex(secret))
    return { host, token: `${PREFIX}_${host.id.replaceAll('-', '')}_${secret}` }
  }

  /** One that comes in by the database of the node and needs no token. */
  async ensure(name: string): Promise<HostRow> {
    const known = await findHostByName(this.db, name)
    if (known?.secret_hash != null)
      throw new ConflictError(`The worker ${name} has a token and comes in over HTTPS; choose another name.`)
    return known ?? this.insert(name, null)
  }

  /** What it holds goes to others; its token is worth nothing any more. */
  async revoke(name: string): Promise<void> {
    const host = await this.get(name)
    await endLeasesOf(this.db, host.id)
    await removeHost(this.db, host.id)
  }

  /** Draining: it ends what it has and gets nothing more. */
  async drain(name: string, isDraining: boolean): Promise<HostRow> {
    const host = await this.get(name)
    await setDraining(this.db, host.id, isDraining)
    return this.get(name)
  }

  list(): Promise<HostRow[]> {
    return listHosts(this.db)
  }

  async get(name: string): Promise<HostRow> {
    const host = await findHostByName(this.db, name)
    if (host === undefined) throw new NotFoundError(`There is no delivery worker named ${name}.`)
    return host
  }

  /** Who presents this header. Throws 401. */
  async authenticate(authorization: string | undefined): Promise<HostRow> {
    const [, hex, secret] =
      /^Bearer\s+cww_([0-9a-f]{32})_([A-Za-z0-9_-]{20,200})$/i.exec(authorization ?? '') ?? []
    if (hex === undefined || secret === undefined) throw refused()
    const id = hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    const host = await findHost(this.db, id)
    if (host?.secret_hash == null || !equalSecrets(sha256Hex(secret), host.secret_hash)) throw refused()
    return host
  }

  private async insert(name: string, secretHash: string | null): Promise<HostRow> {
    const id = newId()
    const row = { id, name, secret_hash: secretHash, created_at_ms: this.clock.nowMs() }
    if (!(await insertHost(this.db, row)))
      throw new ConflictError(
        `There is a delivery worker named ${name} already; revoke it or choose another name.`,
      )
    return this.get(name)
  }
}

/** Whoever asks is no worker, or was revoked. */
export function refused(): UnauthenticatedError {
  return new UnauthenticatedError(
    'This is no token of a delivery worker, or not any more. Make one with "causeway worker add NAME".',
  )
}
