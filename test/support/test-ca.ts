import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A private certificate authority, made for one test run. */
export interface TestAuthority {
  /** PEM file of the authority's certificate, for `network.extraCaFile`. */
  caFile: string
  /** A certificate for one host name, signed by the authority. */
  issue(host: string): Promise<{ certFile: string; keyFile: string }>
}

/** Makes an authority with openssl in `folder`, valid for a day. */
export async function createAuthority(folder: string): Promise<TestAuthority> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const ca = ['-x509', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '1', '-subj', '/CN=Test authority']
  await openssl('req', ...ecKey, ...ca)
  return {
    caFile: join(folder, 'ca.pem'),
    async issue(host) {
      const file = (ending: string) => `${host}.${ending}`
      await openssl('req', ...ecKey, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${host}`)
      await writeFile(join(folder, file('ext')), `subjectAltName=DNS:${host}\n`)
      const signedBy = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
      await openssl(
        'x509',
        '-req',
        '-in',
        file('csr'),
        ...signedBy,
        '-extfile',
        file('ext'),
        '-out',
        file('pem'),
      )
      return { certFile: join(folder, file('pem')), keyFile: join(folder, file('key')) }
    },
  }
}
