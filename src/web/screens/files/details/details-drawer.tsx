import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { FileInfo } from '../../../../client/operations.ts'
import { api } from '../../../api.ts'
import { nameOf } from '../../../dav/paths.ts'
import { t } from '../../../i18n/t.ts'
import { Loading, Name } from '../../../ui/bits.tsx'
import { IconButton } from '../../../ui/button.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { useLoad } from '../../../ui/use-load.ts'
import { type DetailsTab, details, showDetails } from '../dialogs.ts'
import type { FilesModel } from '../files-model.ts'
import { ActivityTab, SharingTab } from './guest-tabs.tsx'
import { InfoTab } from './info-tab.tsx'
import { VersionsTab } from './versions-tab.tsx'

interface DetailsDrawerProps {
  model: FilesModel
  path: string
  tab: DetailsTab
}

/** Everything about one file or folder, beside the list. */
export function DetailsDrawer({ model, path, tab }: DetailsDrawerProps): JSX.Element {
  const root = useRef<HTMLElement>(null)
  const etag = model.listing.items.find((item) => item.path === path)?.etag
  const { data, error, reload } = useLoad(() => api.getFile({ query: { path } }), [path, etag])
  useLayoutEffect(() => root.current?.focus(), [path])
  const close = () => {
    details.value = undefined
    document.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
  }
  return (
    <aside
      class="details"
      ref={root}
      tabIndex={-1}
      aria-label={t('files.details.label', { name: nameOf(path) })}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        close()
      }}
    >
      <header>
        <h2>
          <Name>{nameOf(path) || t('files.title')}</Name>
        </h2>
        <IconButton icon="close" label={t('files.details.close')} onClick={close} />
      </header>
      <Tabs path={path} tab={tab} kind={data?.kind} />
      {error !== undefined && data === undefined && <ErrorNote error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Loading />}
      {data !== undefined && (
        <div role="tabpanel" id="details-panel" aria-labelledby={`details-${tab}`}>
          <Panel model={model} info={data} tab={tab} />
        </div>
      )}
    </aside>
  )
}

function Tabs({ path, tab, kind }: { path: string; tab: DetailsTab; kind: FileInfo['kind'] | undefined }) {
  const tabs: DetailsTab[] = [
    'sharing',
    'activity',
    ...(kind === 'folder' ? [] : (['versions'] as const)),
    'info',
  ]
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    showDetails(path, next)
    document.getElementById(`details-${next}`)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={t('files.details.tabs')} onKeyDown={onKeyDown}>
      {tabs.map((one) => (
        <button
          key={one}
          id={`details-${one}`}
          type="button"
          role="tab"
          aria-selected={one === tab}
          aria-controls="details-panel"
          tabIndex={one === tab ? 0 : -1}
          onClick={() => showDetails(path, one)}
        >
          {t(`files.tab.${one}`)}
        </button>
      ))}
    </div>
  )
}

function Panel({ model, info, tab }: { model: FilesModel; info: FileInfo; tab: DetailsTab }): JSX.Element {
  if (tab === 'sharing') return <SharingTab path={info.path} kind={info.kind} />
  if (tab === 'activity') return <ActivityTab path={info.path} />
  if (tab === 'versions' && info.kind === 'file') return <VersionsTab model={model} info={info} />
  return <InfoTab info={info} />
}
