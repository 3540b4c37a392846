import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type ProgramOptions, type ProgramResult, requireProgram, runProgram } from '../support/programs.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

/** Names that have broken servers before; a `?` only where the client can send one. */
export const ODD_NAMES = ['ünï 😀.txt', 'a #1 %41.txt', "it's & <so> (1).txt", 'a+b=c;d @,.txt', '日本.txt']
export const WITH_QUESTION_MARK = 'what? 100%.txt'

/** As much as a client sends in more than one piece. */
export const BIG_BYTES = 32_000_000

export const encoded = (path: string) => `/${path.split('/').map(encodeURIComponent).join('/')}`

/** A whole node with one user, and a folder for the client and its settings. */
export class ClientNode {
  readonly node: TestNode
  readonly ann: TestUser
  readonly home: string
  readonly big = randomBytes(BIG_BYTES)
  private readonly mesh: TestMesh

  static async create(): Promise<ClientNode> {
    const mesh = await TestMesh.create(['leiden'])
    const node = mesh.nodes[0] as TestNode
    const home = await mkdtemp(join(tmpdir(), 'causeway-client-'))
    return new ClientNode({ mesh, node, ann: await node.addUser('ann'), home })
  }

  private constructor(parts: { mesh: TestMesh; node: TestNode; ann: TestUser; home: string }) {
    this.mesh = parts.mesh
    this.node = parts.node
    this.ann = parts.ann
    this.home = parts.home
  }

  /** The address of the drive, without a slash at its end. */
  get url(): string {
    return `${this.node.origin}/dav/files/ann`
  }

  /** The same with the scheme that desktops and grid tools write. */
  get davUrl(): string {
    return this.url.replace('http:', 'dav:')
  }

  /** What the node has at a path, asked with another client than the one under test. */
  async content(path: string): Promise<Buffer> {
    const answer = await this.ann.dav('GET', encoded(path))
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status}`)
    return Buffer.from(await answer.arrayBuffer())
  }

  async text(path: string): Promise<string> {
    return (await this.content(path)).toString()
  }

  async has(path: string): Promise<boolean> {
    return (await this.ann.dav('HEAD', encoded(path))).ok
  }

  async names(path: string): Promise<string[]> {
    return (await this.ann.names(encoded(path))).sort()
  }

  /** Writes a local file and returns where it is. */
  async local(name: string, content: string | Uint8Array): Promise<string> {
    const file = join(this.home, name)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, content)
    return file
  }

  /** Runs a program in the folder of the client; its HOME is there, too. */
  async run(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    const env = { HOME: this.home, LC_ALL: 'C.UTF-8', TERM: 'dumb', ...options.env }
    return runProgram(requireProgram(program), args, { cwd: this.home, ...options, env })
  }

  /** The same for one that has to succeed; returns what it prints. */
  async output(program: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args, options)
    expect(code, `${program} ${args.join(' ')}\n${stdout.slice(-2_000)}\n${stderr.slice(-4_000)}`).toBe(0)
    return stdout
  }

  async close(): Promise<void> {
    await this.mesh.close()
    await rm(this.home, { recursive: true, force: true })
  }
}
