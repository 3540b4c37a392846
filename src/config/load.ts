import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { z } from 'zod'
import { hasErrorCode } from '../platform/errors.ts'
import { type Environment, mergeTrees, overridesFrom } from './env.ts'
import { type Config, configSchema } from './schema.ts'

export const CONFIG_FILE = 'causeway.yaml'

/** The configuration cannot be used; the message lists every complaint with its key. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** A checked configuration with its paths made absolute. */
export interface LoadedConfig {
  /** The folder of the node. */
  folder: string
  config: Config
}

/** Reads `<folder>/causeway.yaml`, lays the environment over it and checks it. Throws `ConfigError`. */
export function loadConfig(folder: string, env: Environment): LoadedConfig {
  const home = resolve(folder)
  const overrides = overridesFrom(env, Object.keys(configSchema.shape))
  return { folder: home, config: withAbsolutePaths(home, checkConfig(mergeTrees(readFile(home), overrides))) }
}

function readFile(folder: string): Record<string, unknown> {
  const file = join(folder, CONFIG_FILE)
  try {
    return (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) {
      throw new ConfigError(
        `${file} does not exist; make the node with \`causeway init ${folder} --public-url URL\`.`,
      )
    }
    throw new ConfigError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** Fills defaults and refuses unknown keys. Throws `ConfigError`. */
export function checkConfig(input: unknown): Config {
  const result = configSchema.safeParse(input)
  if (result.success) return result.data
  throw new ConfigError(`The configuration is wrong:\n${result.error.issues.map(complaint).join('\n')}`)
}

function complaint(issue: z.core.$ZodIssue): string {
  const key = issue.path.join('.') || '(top level)'
  return `  ${key}: ${issue.message}`
}

function withAbsolutePaths(folder: string, config: Config): Config {
  const { database, storage, server, network } = config
  const absolute = (path: string) => resolve(folder, path)
  return {
    ...config,
    database: database.client === 'sqlite' ? { ...database, file: absolute(database.file) } : database,
    storage: { ...storage, folder: absolute(storage.folder) },
    server:
      server.tls === undefined
        ? server
        : {
            ...server,
            tls: { certFile: absolute(server.tls.certFile), keyFile: absolute(server.tls.keyFile) },
          },
    network:
      network.extraCaFile === undefined
        ? network
        : { ...network, extraCaFile: absolute(network.extraCaFile) },
  }
}

/** The configuration as it may be shown: secrets replaced. */
export function redactConfig(config: Config): Config {
  return redactDatabase(redactFts(redactOidc(redactMail(config))))
}

function redactMail(config: Config): Config {
  if (config.mail.password === undefined) return config
  return { ...config, mail: { ...config.mail, password: '[redacted]' } }
}

function redactOidc(config: Config): Config {
  if (config.oidc?.clientSecret === undefined) return config
  return { ...config, oidc: { ...config.oidc, clientSecret: '[redacted]' } }
}

function redactFts(config: Config): Config {
  const { fts } = config.transfers
  if (fts?.token === undefined) return config
  return { ...config, transfers: { ...config.transfers, fts: { ...fts, token: '[redacted]' } } }
}

function redactDatabase(config: Config): Config {
  if (config.database.client === 'sqlite') return config
  const url = URL.parse(config.database.url)
  if (url !== null && url.password !== '') url.password = 'redacted'
  return { ...config, database: { ...config.database, url: url?.href ?? '[redacted]' } }
}
