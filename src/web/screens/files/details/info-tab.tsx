import type { JSX } from 'preact'
import type { FileInfo } from '../../../../client/operations.ts'
import { webdavUrl } from '../../../dav/dav.ts'
import { formatBytes, formatMoment } from '../../../format.ts'
import { t } from '../../../i18n/t.ts'
import { Copyable } from '../../../ui/bits.tsx'

const exact = new Intl.NumberFormat('en')

/** Facts about a file or folder, as far as the node knows them. */
export function InfoTab({ info }: { info: FileInfo }): JSX.Element {
  const facts: [string, string][] = [
    [
      t('files.info.size'),
      `${formatBytes(info.sizeBytes)} (${t('files.info.bytes', { bytes: exact.format(info.sizeBytes) })})`,
    ],
    [t('files.info.modified'), formatMoment(info.modifiedAt)],
    [t('files.info.created'), formatMoment(info.createdAt)],
    ...(info.mediaType === undefined ? [] : [[t('files.info.type'), info.mediaType] as [string, string]]),
    ...(info.received?.owner === undefined
      ? []
      : [[t('files.info.owner'), info.received.owner.address] as [string, string]]),
  ]
  const checksums = Object.entries(info.checksums)
  return (
    <div class="info-tab">
      <dl class="file-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Line label={t('files.info.webdav')} text={webdavUrl(info.path)} />
      <Line label={t('files.info.id')} text={info.id} />
      {checksums.length > 0 && <h3>{t('files.info.checksums')}</h3>}
      {checksums.map(([kind, hex]) => (
        <Line key={kind} label={kind.toUpperCase()} text={hex} />
      ))}
    </div>
  )
}

function Line({ label, text }: { label: string; text: string }): JSX.Element {
  return (
    <div class="info-line">
      <span class="soft">{label}</span>
      <Copyable label={label} text={text} />
    </div>
  )
}
