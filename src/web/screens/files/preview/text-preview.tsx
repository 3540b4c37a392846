import type { JSX } from 'preact'
import type { FileItem } from '../../../../client/operations.ts'
import { davRequest, fileAddress } from '../../../dav/dav.ts'
import { formatBytes } from '../../../format.ts'
import { t } from '../../../i18n/t.ts'
import { Loading } from '../../../ui/bits.tsx'
import { ErrorNote } from '../../../ui/error-note.tsx'
import { useLoad } from '../../../ui/use-load.ts'
import { decodeText } from './decode-text.ts'
import { NoPreview } from './preview-content.tsx'

const SHOWN_BYTES = 1024 * 1024

/** The first of a file as text; whatever it contains, it is never more than text. */
export function TextPreview({ item }: { item: FileItem }): JSX.Element {
  const { data, error, reload } = useLoad(() => fetchText(item), [item.path, item.etag])
  if (error !== undefined) return <ErrorNote error={error} onRetry={reload} />
  if (data === undefined) return <Loading />
  if (data.text === undefined) return <NoPreview item={item} />
  return (
    <>
      {item.sizeBytes > SHOWN_BYTES && (
        <p class="preview-note">{t('files.preview.first', { size: formatBytes(SHOWN_BYTES) })}</p>
      )}
      {/* A text that scrolls must be reached by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: as above */}
      <pre class="preview-text" tabIndex={0}>
        {data.text}
      </pre>
    </>
  )
}

async function fetchText(item: FileItem): Promise<{ text: string | undefined }> {
  if (item.sizeBytes === 0) return { text: '' }
  const headers = { Range: `bytes=0-${SHOWN_BYTES - 1}` }
  const response = await davRequest(fileAddress(item.path), { headers })
  return { text: decodeText(new Uint8Array(await response.arrayBuffer()).subarray(0, SHOWN_BYTES)) }
}
