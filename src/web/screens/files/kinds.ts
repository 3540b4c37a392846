import type { FileItem } from '../../../client/operations.ts'
import type { IconName } from '../../ui/icons.tsx'

/** How a file can be shown in the page; `none`: only fetched. */
export type PreviewKind = 'image' | 'text' | 'pdf' | 'audio' | 'video' | 'none'

/** Pictures that every browser draws; in an image element SVG runs no script. */
const PICTURES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/
const TEXTS =
  /^text\/|[/+](json|xml|yaml|toml)$|^application\/(javascript|x-sh|x-yaml|x-ndjson|sql|x-tex|x-python|x-httpd-php|typescript|x-subrip)/
const TEXT_NAMES =
  /\.(md|txt|log|csv|tsv|json|ya?ml|toml|ini|conf|cfg|sh|py|r|jl|c|h|cc|cpp|hpp|f90|f|java|kt|rs|go|ts|tsx|js|mjs|jsx|css|html?|svg|xml|sql|tex|bib|cwl|nf|smk|properties|env|gitignore|dockerfile|makefile|srt|vtt|diff|patch)$/i
const ARCHIVES = /zip|compressed|x-tar|gzip|bzip|x-xz|zstd|x-7z|rar/

export function previewKindOf({ kind, mediaType = '', name }: FileItem): PreviewKind {
  if (kind === 'folder') return 'none'
  if (PICTURES.test(mediaType)) return 'image'
  if (mediaType === 'application/pdf') return 'pdf'
  if (mediaType.startsWith('audio/')) return 'audio'
  // `.ts` is a program here more often than a film.
  if (TEXTS.test(mediaType) || TEXT_NAMES.test(name)) return 'text'
  return mediaType.startsWith('video/') ? 'video' : 'none'
}

export function iconOf(item: FileItem): IconName {
  const { kind, mediaType = '' } = item
  if (kind === 'folder') return 'folder'
  if (mediaType.startsWith('image/')) return 'image'
  if (mediaType.startsWith('audio/')) return 'audio'
  if (ARCHIVES.test(mediaType)) return 'archive'
  const preview = previewKindOf(item)
  if (preview === 'video') return 'video'
  return preview === 'text' || preview === 'pdf' ? 'text' : 'file'
}
