import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { formatBytes, formatDuration, formatRate } from '../format.ts'
import { t } from '../i18n/t.ts'
import { Progress } from '../ui/bits.tsx'
import { IconButton } from '../ui/button.tsx'
import { confirm } from '../ui/confirm.tsx'
import { WindowList } from '../ui/window-list.tsx'
import type { UploadTotals } from './totals.ts'
import type { UploadItem } from './types.ts'
import { UPLOAD_ROW_HEIGHT, UploadRow } from './upload-row.tsx'
import { uploads, uploadTick } from './uploads.ts'

const isFolded = signal(false)

/** What is on its way to the node, over every screen, until it is dismissed. */
export function UploadPanel(): JSX.Element | null {
  // Whatever changes in the queue is told by this number.
  uploadTick.value
  if (uploads.items.length === 0) return null
  const totals = uploads.totals()
  return (
    <section class="uploads" aria-label={t('files.uploads.label')}>
      <header class="uploads-head">
        <h2 aria-live="polite">{titleOf(totals)}</h2>
        <PanelButtons tick={uploadTick.value} />
      </header>
      {uploads.isActive && <Summary totals={totals} />}
      {!isFolded.value && (
        // A region that scrolls must be reached by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
        <div class="uploads-list" tabIndex={0} role="group" aria-label={t('files.uploads.list')}>
          <WindowList
            label={t('files.uploads.list')}
            items={uploads.items}
            rowHeight={UPLOAD_ROW_HEIGHT}
            keyOf={(item: UploadItem) => `${item.id}`}
            row={(item) => <UploadRow item={item} tick={uploadTick.value} />}
          />
        </div>
      )}
    </section>
  )
}

function titleOf({ count, ended, failed }: UploadTotals): string {
  if (uploads.isActive) return t('files.uploads.running', { done: ended, n: count })
  if (failed > 0) return t('files.uploads.failed', { n: failed })
  return t('files.uploads.done', { n: count })
}

function Summary({ totals }: { totals: UploadTotals }): JSX.Element {
  const { sizeBytes, sentBytes, bytesPerSecond, secondsLeft, stalledMs } = totals
  return (
    <div class="uploads-summary">
      <Progress
        label={t('files.uploads.progress')}
        value={sizeBytes === 0 ? undefined : sentBytes / sizeBytes}
      />
      <p>
        <span>
          {t('files.uploads.bytes', { sent: formatBytes(sentBytes), total: formatBytes(sizeBytes) })}
        </span>
        {stalledMs === undefined && <span>{formatRate(bytesPerSecond)}</span>}
        {stalledMs !== undefined && (
          <span class="warn">{t('files.uploads.stalled', { ago: formatDuration(stalledMs / 1000) })}</span>
        )}
        {secondsLeft !== undefined && stalledMs === undefined && (
          <span>{t('files.uploads.left', { time: formatDuration(secondsLeft) })}</span>
        )}
      </p>
    </div>
  )
}

/** `tick`: what the queue says is no property, so only this number makes it be drawn anew. */
function PanelButtons(_: { tick: number }): JSX.Element {
  const isHeld = uploads.isHeldBy('person')
  const { isActive } = uploads
  return (
    <span class="uploads-buttons">
      {isActive && (
        <IconButton
          icon={isHeld ? 'play' : 'pause'}
          label={t(isHeld ? 'files.uploads.resumeAll' : 'files.uploads.pauseAll')}
          onClick={() => (isHeld ? uploads.release('person') : uploads.hold('person'))}
        />
      )}
      <IconButton
        icon={isFolded.value ? 'up' : 'down'}
        label={t(isFolded.value ? 'files.uploads.unfold' : 'files.uploads.fold')}
        expanded={!isFolded.value}
        onClick={() => {
          isFolded.value = !isFolded.value
        }}
      />
      {isActive ? (
        <IconButton icon="close" label={t('files.uploads.cancelAll')} onClick={cancelAll} />
      ) : (
        <IconButton icon="close" label={t('common.dismiss')} onClick={() => uploads.clear()} />
      )}
    </span>
  )
}

async function cancelAll(): Promise<void> {
  const isSure = await confirm({
    title: t('files.uploads.cancelAll'),
    text: t('files.uploads.cancelAllAsk'),
    action: t('files.uploads.cancelAll'),
  })
  if (isSure) uploads.cancelAll()
}
