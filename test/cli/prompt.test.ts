import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { ask, askSecret, readSecret, type Terminal } from '../../src/cli/prompt.ts'

function fakeTerminal() {
  const raw: boolean[] = []
  const shown: string[] = []
  const stdin: Terminal['stdin'] = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
  })
  const stderr = { write: (text: string | Uint8Array) => shown.push(String(text)) }
  return { terminal: { stdin, stderr }, keys: stdin as PassThrough, raw, shown }
}

it('asks for a name and then for a secret that is not shown', async () => {
  const { terminal, keys, raw, shown } = fakeTerminal()
  const name = ask(terminal, 'User: ')
  keys.write(' ann \n')
  expect(await name).toBe('ann')
  const secret = askSecret(terminal, 'Password: ')
  expect(raw).toEqual([true])
  keys.write('wrong\u0015gehe')
  keys.write('imx\u007f ä\r')
  expect(await secret).toBe('geheim ä')
  expect(raw).toEqual([true, false])
  expect(shown.join('')).toBe('User: Password: \n')
})

it('stops at Ctrl-C and gives the terminal back', async () => {
  const { terminal, keys, raw } = fakeTerminal()
  const secret = askSecret(terminal, 'Password: ')
  keys.write('abc\u0003')
  await expect(secret).rejects.toMatchObject({ name: 'AbortError' })
  expect(raw).toEqual([true, false])
})

it.each([
  ['secret \r\n', 'secret '],
  ['ä', 'ä'],
])('reads the piped password %j', async (text, secret) => {
  const stdin = new PassThrough()
  stdin.end(text)
  expect(await readSecret(stdin)).toBe(secret)
})

it.each(['', '\n', 'a\nb\n', 'x'.repeat(5000)])('refuses %j as a password', async (text) => {
  const stdin = new PassThrough()
  stdin.end(text)
  await expect(readSecret(stdin)).rejects.toMatchObject({ exitCode: 2 })
})
