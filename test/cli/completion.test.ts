import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../support/programs.ts'
import { createCli, temporaryFolder } from './support/cli.ts'

it('completes commands, their sub-commands and options in bash', async () => {
  const folder = await temporaryFolder()
  const { stdout } = await createCli(folder)(['completion'])
  await writeFile(join(folder, 'script'), stdout)
  const complete = async (...words: string[]) => {
    const code = `. ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _causeway; printf '%s\\n' "\${COMPREPLY[@]}"`
    const answer = await runProgram('bash', ['-c', code, 'bash', 'causeway', ...words], { cwd: folder })
    expect(answer.stderr).toBe('')
    return answer.stdout.trim().split('\n')
  }
  expect(await complete('transf')).toEqual(['transfer'])
  expect(await complete('transfer', 'wa')).toEqual(['watch', 'wait'])
  expect(await complete('cp', '--thr')).toEqual(['--threads'])
  expect(await complete('cp', 'a', '--no-c')).toEqual(['--no-clobber'])
  expect(await complete('cp', 'scr')).toEqual(['script'])
  expect(await complete('cp', '--cac')).toEqual([''])
})
