import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDavServer, type DavServer } from '../support/dav-server.ts'
import { requireProgram, runProgram } from '../support/programs.ts'

/** The tests that each suite of litmus 0.13 has. */
const SUITES = { basic: 16, copymove: 13, props: 30, locks: 41, http: 4 }

describe('litmus, the WebDAV test suite', () => {
  let server: DavServer
  let folder: string
  let output = ''

  beforeAll(async () => {
    const litmus = requireProgram('litmus')
    server = await createDavServer()
    folder = await mkdtemp(join(tmpdir(), 'causeway-litmus-'))
    const result = await runProgram(litmus, ['-k', server.driveUrl('ann'), 'ann', 'ann'], { cwd: folder })
    // The suites overwrite their lines on a terminal; each state of a line is one here.
    output = (result.stdout + result.stderr).replaceAll('\r', '\n')
  })

  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(Object.entries(SUITES))('%s: all %i pass', (suite, count) => {
    const summary = new RegExp(`summary for .${suite}.: of (\\d+) tests run: (\\d+) passed, (\\d+) failed`)
    const failures = output.split('\n').filter((line) => /FAIL/.test(line))
    expect(summary.exec(output)?.slice(1).map(Number), failures.join('\n')).toEqual([count, count, 0])
  })
})
