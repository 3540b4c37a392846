import type { JSX } from 'preact'
import type { FileInfo } from '../../../../client/operations.ts'
import { api } from '../../../api.ts'
import { versionAddress } from '../../../dav/dav.ts'
import { formatBytes } from '../../../format.ts'
import { t } from '../../../i18n/t.ts'
import { Ago, Empty } from '../../../ui/bits.tsx'
import { Button } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { PagesView } from '../../../ui/pages-view.tsx'
import { showDone } from '../../../ui/toasts.tsx'
import { usePages } from '../../../ui/use-pages.ts'
import type { FilesModel } from '../files-model.ts'

/** What a file contained before. */
export function VersionsTab({ model, info }: { model: FilesModel; info: FileInfo }): JSX.Element {
  const { path, id, etag } = info
  const pages = usePages(
    (cursor) => api.listVersions({ query: { path, limit: 100, ...(cursor !== undefined && { cursor }) } }),
    [path, etag],
  )
  const restore = async (version: string) => {
    await api.restoreVersion({ body: { path, version } })
    showDone(t('files.versions.restored'))
    await Promise.all([model.refresh(), pages.reload()])
  }
  const none = (
    <Empty icon="history" title={t('files.versions.none')}>
      {t('files.versions.noneText')}
    </Empty>
  )
  return (
    <PagesView of={pages} empty={none}>
      {(versions) => (
        <ul class="list">
          {versions.map(({ version, sizeBytes, modifiedAt }) => (
            <li key={version}>
              <span class="grow">
                <Ago at={modifiedAt} />
                <br />
                <small>{formatBytes(sizeBytes)}</small>
              </span>
              <span class="actions">
                <a
                  class="button quiet"
                  href={versionAddress(id, version)}
                  download={nameWithVersion(info.name, version)}
                >
                  <Icon name="download" label={t('files.action.download')} />
                </a>
                <Button icon="restore" onClick={() => restore(version)}>
                  {t('files.versions.restore')}
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
    </PagesView>
  )
}

function nameWithVersion(name: string, version: string): string {
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? `${name} (${version})` : `${name.slice(0, dot)} (${version})${name.slice(dot)}`
}
