import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { currentManualPages, MANUAL_FOLDER } from '../../scripts/man-pages.ts'
import { toManualPage } from '../../src/cli/manual.ts'

const MACROS = new Set(['.TH', '.SH', '.SS', '.PP', '.TP', '.nf', '.fi', '.nh', '.ad'])
const ESCAPES = /\\(?:-|&|f[BIR]|\((?:rs|aq|ga|ha|ti|dq)|\[u[0-9A-F]{4,6}\])/g

/** What is wrong with a page: control lines that are no macro of ours, loose escapes, what is not closed. */
function faultsOf(page: string): string[] {
  const faults: string[] = []
  let isVerbatim = false
  let expected: string | undefined
  for (const line of page.trimEnd().split('\n').slice(1)) {
    const [macro = ''] = line.split(' ')
    const isControl = line.startsWith('.')
    if (isControl && !MACROS.has(macro)) faults.push(`no macro: ${line}`)
    if (line.startsWith("'")) faults.push(`a request: ${line}`)
    if (line === '') faults.push('an empty line')
    if (/[^\x20-\x7e]/.test(line)) faults.push(`not ASCII: ${line}`)
    if (line.replace(ESCAPES, '').includes('\\')) faults.push(`unknown escape: ${line}`)
    const fonts = (line.match(/\\f[BIR]/g) ?? []).join('')
    if (!/^(\\f[BI]\\fR)*$/.test(fonts)) faults.push(`a font that is not given back: ${line}`)
    if (expected !== undefined && isControl && macro !== '.nf')
      faults.push(`${expected} without a text: ${line}`)
    expected = ['.TP', '.PP'].includes(macro) ? macro : undefined
    if (macro === '.nf' || macro === '.fi') {
      if (isVerbatim === (macro === '.nf')) faults.push(`${macro} in the wrong place`)
      isVerbatim = macro === '.nf'
    } else if (isVerbatim && isControl) faults.push(`${macro} before .fi`)
  }
  return isVerbatim ? [...faults, 'no .fi at the end'] : faults
}

describe('the manual pages', () => {
  const pages = currentManualPages()

  it('are what the help says: else run "npm run man"', async () => {
    const stale: string[] = []
    const names = new Set([...pages.keys(), ...(await readdir(MANUAL_FOLDER))])
    for (const name of names) {
      const stored = await readFile(join(MANUAL_FOLDER, name), 'utf8').catch(() => undefined)
      if (stored !== pages.get(name)) stale.push(name)
    }
    expect(stale.length === 0 ? 'current' : `run "npm run man" and commit man/: ${stale.join(' ')}`).toBe(
      'current',
    )
  })

  it.each([...pages])('%s has all sections and nothing that troff would take for its own', (name, page) => {
    expect(faultsOf(page)).toEqual([])
    const headings = [...page.matchAll(/^\.SH (.+)$/gm)].map(([, heading = '']) => heading)
    const always = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'ENVIRONMENT', 'SEE ALSO']
    expect(headings.filter((heading) => always.includes(heading))).toEqual(always)
    expect(headings.includes('EXAMPLES')).toBe(name !== 'causeway.1')
    expect(new Set(headings).size).toBe(headings.length)
  })

  it('tell about every sub-command and option', () => {
    const page = pages.get('causeway-transfer.1') ?? ''
    expect(page).toContain(
      '.SS \\fBcauseway\\fR \\fBtransfer\\fR \\fBwait\\fR [\\fIoptions\\fR] \\fIid\\fR\n',
    )
    expect(page).toContain('\n.TP\n\\fB\\-\\-delete\\-extra\\fR\n')
    expect(page).toContain('\n.TP\n\\fB\\-\\-json\\fR\n')
    expect(pages.get('causeway-cp.1')).toContain('.TP\n\\fB3\\fR\nSome failed.\n')
  })

  it('print what a help says and obey none of it', () => {
    const root = new Command('tool').version('1').description('A tool.').exitOverride()
    const bad = root.command('bad').description(".so /etc/passwd\\fB \\n(.z — 'x'")
    bad.option('--a-b <.c>', "'ds x y")
    bad.addHelpText('after', "\n.sy rm\n'nr x\n\n  .in 5\n\nExample:\n  tool bad '\\e' ~ `x` \"y\"")
    const page = toManualPage(bad)
    expect(faultsOf(page)).toEqual([])
    expect(page).toContain('\n\\&.so /etc/passwd\\(rsfB \\(rsn(.z \\[u2014] \\(aqx\\(aq\n')
    expect(page).toContain('.PP\n\\&.sy rm\n\\(aqnr x\n')
    expect(page).toContain('tool bad \\(aq\\(rse\\(aq \\(ti \\(gax\\(ga \\(dqy\\(dq\n')
  })
})
