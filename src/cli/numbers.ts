import { InvalidArgumentError } from 'commander'

/** Reads the value of an option that is a whole number within bounds. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
  }
}
