import type { Config } from '../config/schema.ts'
import { AppError } from '../platform/errors.ts'

export type AppConfig = Config['apps'][number]

/** One program as `/app/list` shows it. */
export interface AppProvider {
  name: string
  description?: string
  icon?: string
}

/** The programs for one media type, in the form that ownCloud Web and its like read. */
export interface MimeTypeInfo {
  mime_type: string
  app_providers: AppProvider[]
  default_application: string
}

/** What an app is told about the file it shall open. */
export interface AppFile {
  id: string
  name: string
  mediaType: string
}

/** How the browser opens the app: for a link app a plain GET, nothing in a form. */
export interface AppLaunch {
  app_url: string
  method: 'GET'
}

/** Errors of `/app/*` carry these codes (CS3 app provider). */
export function appError(status: number, code: string, message: string): AppError {
  return new AppError(status, code, message)
}

/** Every media type that some app opens, in alphabetical order; the first app listed is the default. */
export function listMimeTypes(apps: readonly AppConfig[]): MimeTypeInfo[] {
  const byType = new Map<string, AppConfig[]>()
  for (const app of apps) {
    for (const type of app.mimeTypes) byType.set(type, [...(byType.get(type) ?? []), app])
  }
  return [...byType]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([mimeType, found]) => ({
      mime_type: mimeType,
      app_providers: found.map(toProvider),
      default_application: found[0]?.name ?? '',
    }))
}

/** The app that opens a file: the one asked for, else the first for its type. Throws `AppError`. */
export function chooseApp(apps: readonly AppConfig[], file: AppFile, name: string | undefined): AppConfig {
  const named = name === undefined ? undefined : apps.find((app) => app.name === name)
  if (name !== undefined && named === undefined) {
    throw appError(404, 'RESOURCE_NOT_FOUND', `There is no app named ${name}; see /app/list.`)
  }
  const chosen = named ?? apps.find((app) => app.mimeTypes.includes(file.mediaType))
  if (chosen === undefined || !chosen.mimeTypes.includes(file.mediaType)) {
    throw appError(400, 'INVALID_PARAMETER', `No app here opens ${file.mediaType} files.`)
  }
  return chosen
}

/** The address of a link app for a file; values are encoded, so a file name cannot change the address. */
export function launchLink(app: AppConfig, file: AppFile, lang: string): AppLaunch {
  const values: Record<string, string> = { fileId: file.id, fileName: file.name, lang }
  const url = app.url.replace(/\{(fileId|fileName|lang)\}/g, (_, key: string) =>
    encodeURIComponent(values[key] ?? ''),
  )
  return { app_url: url, method: 'GET' }
}

function toProvider(app: AppConfig): AppProvider {
  return {
    name: app.name,
    ...(app.description === undefined ? {} : { description: app.description }),
    ...(app.icon === undefined ? {} : { icon: app.icon }),
  }
}
