import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { FileItem } from '../../../../client/operations.ts'
import { davRequest, fileAddress } from '../../../dav/dav.ts'
import { formatBytes } from '../../../format.ts'
import { t } from '../../../i18n/t.ts'
import { Empty } from '../../../ui/bits.tsx'
import { Button } from '../../../ui/button.tsx'
import { NoPreview } from './preview-content.tsx'

/** More would have to lie in the memory of the page. */
const MAX_BYTES = 100 * 1024 * 1024

/**
 * A PDF in the browser's own viewer, in a tab of its own: the node hands PDFs over as downloads, and its policy
 * lets no frame show them. The type is ours, so nothing else can come of the bytes.
 */
export function PdfPreview({ item }: { item: FileItem }): JSX.Element {
  const [address, setAddress] = useState<string | undefined>(undefined)
  useEffect(() => () => (address === undefined ? undefined : URL.revokeObjectURL(address)), [address])
  if (item.sizeBytes > MAX_BYTES) return <NoPreview item={item} />
  const open = async () => {
    const response = await davRequest(fileAddress(item.path), {})
    const made = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: 'application/pdf' }))
    setAddress(made)
    window.open(made, '_blank', 'noopener')
  }
  return (
    <Empty
      icon="text"
      title={t('files.preview.pdf')}
      action={
        <Button kind="primary" icon="eye" onClick={open}>
          {t('files.preview.openTab')}
        </Button>
      }
    >
      {t('files.preview.pdfText', { size: formatBytes(item.sizeBytes) })}
    </Empty>
  )
}
