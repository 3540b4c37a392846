import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { FileItem } from '../../../../client/operations.ts'
import { fileAddress } from '../../../dav/dav.ts'
import { t } from '../../../i18n/t.ts'
import { Empty } from '../../../ui/bits.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { iconOf, previewKindOf } from '../kinds.ts'
import { TextPreview } from './text-preview.tsx'

/** A file as far as the browser can show it without running anything of it. */
export function PreviewContent({ item }: { item: FileItem }): JSX.Element {
  const [hasFailed, setFailed] = useState(false)
  const kind = hasFailed ? 'none' : previewKindOf(item)
  const address = fileAddress(item.path)
  const fail = () => setFailed(true)
  if (kind === 'image') return <img class="preview-image" src={address} alt={item.name} onError={fail} />
  if (kind === 'text') return <TextPreview item={item} />
  // The node says that it is no part of this site; the viewer does not like a sandbox of ours in addition.
  if (kind === 'pdf') return <iframe class="preview-frame" src={address} title={item.name} />
  if (kind === 'audio') {
    // What people upload has no captions.
    // biome-ignore lint/a11y/useMediaCaption: as above
    return <audio class="preview-audio" src={address} controls onError={fail} />
  }
  if (kind === 'video') {
    // biome-ignore lint/a11y/useMediaCaption: as above
    return <video class="preview-video" src={address} controls onError={fail} />
  }
  return <NoPreview item={item} />
}

export function NoPreview({ item }: { item: FileItem }): JSX.Element {
  return (
    <Empty
      icon={iconOf(item)}
      title={t('files.preview.none')}
      action={
        <a class="button primary" href={fileAddress(item.path)} download>
          <Icon name="download" />
          <span>{t('files.action.download')}</span>
        </a>
      }
    >
      {t('files.preview.noneText')}
    </Empty>
  )
}
