import { afterEach, describe, expect, it, vi } from 'vitest'
import { readOptions } from '../../bench/arguments.ts'

const namesOf = (...args: string[]) => readOptions(args)?.cases.map((one) => one.name)

describe('the command line of the benchmarks', () => {
  afterEach(() => {
    process.exitCode = undefined
    vi.restoreAllMocks()
  })

  it('takes a case, the beginning of names or a group', () => {
    expect(namesOf('remote-read')).toEqual(['remote-read'])
    expect(namesOf('remote')).toEqual(['remote-list', 'remote-read', 'remote-write'])
    expect(namesOf('shares')).toEqual(['share-messages', 'remote-list', 'remote-read', 'remote-write'])
  })

  it('leaves the number of processes to the settings of the nodes unless told', () => {
    expect(readOptions([])?.workers).toBeUndefined()
    expect(readOptions(['--workers', '2'])?.workers).toBe(2)
  })

  it.each([
    ['--workers', '0'],
    ['--rounds', 'many'],
  ])('refuses %s %s with what it takes instead', (option, value) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(readOptions([option, value])).toBeUndefined()
    expect(process.exitCode).toBe(2)
    expect(said.mock.calls.join()).toContain(`${option} takes a number from 1 on`)
  })
})
