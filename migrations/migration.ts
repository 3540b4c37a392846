import type { Knex } from 'knex'

/** One step of the schema. A landed step is never edited; a change is a new step. */
export interface Migration {
  /** `NNN_verb_noun`, also its key in the table `migrations`. */
  name: string
  up(db: Knex): Promise<void>
  down(db: Knex): Promise<void>
}
