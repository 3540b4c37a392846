import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningNode, readLogin } from '../peers/causeway.ts'
import { getProgram, runProgram } from '../processes.ts'
import { checkCount } from './rclone-copy.ts'

/** Between what the tools of the grid copy. */
export interface GridPlace {
  to: RunningNode
  /** The folder that is copied, without a slash at its end; these tools have one token, and it is that of `to`. */
  sourceUrl: string
  /** Where their certificates and settings lie. */
  home: string
}

/** They want a certificate, even where none is used. */
export async function makeGridHome(folder: string): Promise<string> {
  const home = join(folder, 'grid')
  const globus = join(home, '.globus')
  await mkdir(join(home, 'authorities'), { recursive: true })
  await mkdir(globus)
  const [key, certificate] = [join(globus, 'userkey.pem'), join(globus, 'usercert.pem')]
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate]
  const openssl = getProgram('openssl', 'openssl')
  await runProgram(openssl, [...args, '-subj', '/CN=bench'])
  await runProgram(getProgram('chmod', 'coreutils'), ['600', key])
  await writeFile(join(home, 'authorities', 'bench.pem'), await readFile(certificate))
  await runProgram(openssl, ['rehash', join(home, 'authorities')])
  return home
}

/** `arccp -r` between two drives, its bytes through the client as ARC does it; seconds. */
export function arcCopy(place: GridPlace, target: string, files: number): Promise<number> {
  const arccp = getProgram('arccp', 'nordugrid-arc-client')
  const urls = [`${davUrl(place.sourceUrl)}/`, `${davUrl(place.to.baseUrl)}${target}/`]
  return timed(place, { target, files }, () => run(place, arccp, ['-r', '-f', ...urls]))
}

/** `gfal-copy -r`, which asks the destination to pull by HTTP-TPC and streams where it does not; seconds. */
export function gfalCopy(place: GridPlace, target: string, files: number): Promise<number> {
  const gfal = getProgram('gfal-copy', 'gfal2-util-scripts')
  const args = ['-r', '-p', davUrl(place.sourceUrl), `${davUrl(place.to.baseUrl)}${target}`]
  return timed(place, { target, files }, () => run(place, gfal, args))
}

/** One file by `davix-cp`, which asks the destination to pull by HTTP-TPC; seconds. */
export function davixCopy(place: GridPlace, target: string, file: string): Promise<number> {
  const davix = getProgram('davix-cp', 'davix')
  const urls = [`${place.sourceUrl}/${file}`, `${place.to.baseUrl}${target}`]
  const header = `Authorization: Bearer ${readLogin(place.to).password}`
  const args = ['-H', header, '--copy-mode', 'pull', ...urls]
  return timed(place, { target: '', files: 0 }, () => run(place, davix, args))
}

async function run({ home, to }: GridPlace, program: string, args: string[]): Promise<void> {
  const env = {
    HOME: home,
    BEARER_TOKEN: readLogin(to).password,
    X509_CERT_DIR: join(home, 'authorities'),
    GFAL_PYTHONBIN: '/usr/bin/python3',
  }
  await runProgram(program, args, { env })
}

async function timed(
  { to }: GridPlace,
  { target, files }: { target: string; files: number },
  copy: () => Promise<void>,
): Promise<number> {
  const started = performance.now()
  await copy()
  const seconds = (performance.now() - started) / 1000
  if (files > 0) await checkCount(to, target, files)
  return seconds
}

function davUrl(url: string): string {
  return url.replace(/^http/, 'dav')
}
