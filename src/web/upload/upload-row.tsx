import type { JSX } from 'preact'
import { nameOf } from '../dav/paths.ts'
import { formatBytes, formatDuration, now } from '../format.ts'
import { t } from '../i18n/t.ts'
import { fileHref } from '../router.ts'
import { Name, Progress } from '../ui/bits.tsx'
import { IconButton } from '../ui/button.tsx'
import { describeError } from '../ui/error-note.tsx'
import { Icon, type IconName } from '../ui/icons.tsx'
import { ENDED, UnreadableFileError, type UploadItem, type UploadState } from './types.ts'
import { uploads } from './uploads.ts'

export const UPLOAD_ROW_HEIGHT = 60

const ICONS: Partial<Record<UploadState, IconName>> = {
  done: 'check',
  failed: 'warning',
  paused: 'pause',
  canceled: 'close',
  skipped: 'right',
}

/** One file on its way: `tick` makes it be drawn anew. */
export function UploadRow({ item, tick }: { item: UploadItem; tick: number }): JSX.Element {
  const { state, file, sentBytes, sizeBytes } = item
  const isMoving = state === 'running' || state === 'retrying'
  return (
    <div class={`upload-row ${state}`}>
      <Icon name={ICONS[state] ?? (file === undefined ? 'folder' : 'file')} />
      <div class="upload-what">
        <a class="truncate" href={fileHref(item.batch.folder)}>
          <Name>{nameOf(item.path)}</Name>
        </a>
        <small class="truncate" title={stateText(item)}>
          {stateText(item)}
        </small>
        {isMoving && sizeBytes > 0 && (
          <Progress
            label={t('files.uploads.progressOf', { name: nameOf(item.path) })}
            value={sentBytes / sizeBytes}
          />
        )}
      </div>
      <RowButtons item={item} tick={tick} />
    </div>
  )
}

function RowButtons({ item }: { item: UploadItem; tick: number }): JSX.Element {
  const name = nameOf(item.path)
  const canRetry = (item.state === 'failed' || item.state === 'canceled') && item.nameFault === undefined
  return (
    <span class="uploads-buttons">
      {item.state === 'paused' && (
        <IconButton
          icon="play"
          label={t('files.uploads.resume', { name })}
          onClick={() => uploads.resume(item)}
        />
      )}
      {['running', 'retrying', 'waiting'].includes(item.state) && (
        <IconButton
          icon="pause"
          label={t('files.uploads.pause', { name })}
          onClick={() => uploads.pause(item)}
        />
      )}
      {canRetry && (
        <IconButton
          icon="retry"
          label={t('files.uploads.retry', { name })}
          onClick={() => uploads.retry(item)}
        />
      )}
      {!ENDED.has(item.state) && (
        <IconButton
          icon="close"
          label={t('files.uploads.cancel', { name })}
          onClick={() => uploads.cancel(item)}
        />
      )}
    </span>
  )
}

/** Where it stands, in words. */
function stateText(item: UploadItem): string {
  const { state, sentBytes, sizeBytes, nameFault, retryAtMs } = item
  if (nameFault !== undefined) return t(`files.fault.${nameFault.fault}`, { name: nameFault.name })
  if (state === 'failed') return errorText(item.error)
  if (state === 'retrying') {
    const seconds = Math.max(0, (retryAtMs ?? now()) - now()) / 1000
    return t('files.uploads.retrying', { cause: errorText(item.error), time: formatDuration(seconds) })
  }
  if (state === 'waiting' && uploads.isHeldBy('session')) return t('files.uploads.signedOut')
  if (state !== 'running') return t(`files.uploads.state.${state}`)
  return t('files.uploads.bytes', { sent: formatBytes(sentBytes), total: formatBytes(sizeBytes) })
}

function errorText(error: unknown): string {
  if (error instanceof UnreadableFileError) return t('files.uploads.unreadable')
  const { text, requestId } = describeError(error)
  return requestId === undefined ? text : `${text} (${t('error.requestId', { id: requestId })})`
}
