import type { Command } from 'commander'
import type { ScheduleRule } from '../client/operations.ts'
import { usageError } from './exit.ts'
import { numberBetween } from './numbers.ts'

/** How an order comes again, as it is written. */
export interface RhythmOptions {
  every?: string
  daily?: string
  cron?: string
  onChange?: number | true
  timeZone?: string
}

/** Adds the options that make an order come again. */
export function addRhythmOptions(command: Command): Command {
  return command
    .option('--every <span>', 'again and again, such as 6h (m, h, d, w)')
    .option('--daily <time>', 'every day at this time, such as 02:00')
    .option('--cron <fields>', 'five cron fields, such as "0 2 * * Mon-Fri"')
    .option(
      '--on-change [minutes]',
      'whenever the source has changed; how often to look',
      numberBetween(1, 525_600),
    )
    .option('--time-zone <name>', 'whose clocks count, such as Europe/Amsterdam (default UTC)')
}

/** When a recurring order runs; undefined for one that runs once. */
export function rhythmOf(options: RhythmOptions): ScheduleRule | undefined {
  const { every, daily, cron, onChange, timeZone } = options
  const given = [every, daily, cron, onChange].filter((one) => one !== undefined)
  if (given.length > 1) throw usageError('--every, --daily, --cron and --on-change: one of them.')
  if (onChange !== undefined) return { onChangeEveryMinutes: onChange === true ? 5 : onChange }
  const at = every === undefined ? (daily === undefined ? cron : `daily ${daily}`) : `every ${every}`
  if (at === undefined) return undefined
  return { at, ...(timeZone === undefined ? {} : { timeZone }) }
}
