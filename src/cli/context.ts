import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import type { CliEnv } from '../config/cli-env.ts'
import { type Api, createApi } from './api.ts'
import { getConnection } from './connection.ts'
import { exitCodes } from './exit.ts'
import { Output, type Sink } from './output.ts'

/** What the world gives the command; tests give their own. */
export interface CliContext {
  env: CliEnv
  stdin: Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown }
  stdout: Sink
  stderr: Sink
  /** Aborts at the first Ctrl-C. */
  signal: AbortSignal
  exitCode: number
}

/** The options that every command takes. */
export interface GlobalOptions {
  json?: boolean
  profile?: string
}

/** One call of one command. */
export interface CommandCall<O> {
  /** Arguments in their order; those not given are absent, repeated ones spread. */
  args: string[]
  options: O & GlobalOptions
  output: Output
  context: CliContext
  /** The API of the node that the profile or the environment names. */
  api(): Promise<Api>
}

type Handler<O> = (call: CommandCall<O>) => Promise<unknown>

/** Ties a handler to a command; a number that it returns is the exit code, anything else means 0. */
export function onAction<O = object>(command: Command, context: CliContext, handler: Handler<O>): void {
  command.action(async () => {
    const options = command.optsWithGlobals<O & GlobalOptions>()
    const args = (command.processedArgs as (string | string[] | undefined)[]).flatMap((value) => value ?? [])
    const output = createOutput(context, options.json === true)
    const api = async () => createApi(await getConnection(context.env, options.profile), context.signal)
    const code = await handler({ args, options, output, context, api })
    context.exitCode = typeof code === 'number' ? code : exitCodes.ok
  })
}

export function createOutput(context: CliContext, json: boolean): Output {
  const { stdout, stderr } = context
  const color = stderr.isTTY === true && stdout.isTTY === true && !context.env.noColor
  return new Output({ stdout, stderr, json, color })
}
