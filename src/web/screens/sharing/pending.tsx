import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ReceivedShare } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { fileHref, hrefOf, navigate } from '../../router.ts'
import { Ago, Chip, Empty, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icons.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { CopyOfferDialog } from './copy-offer-dialog.tsx'
import { ListScreen } from './list-screen.tsx'
import { useLiveList } from './use-list.ts'

/** What others want to share with me; nothing of it is lost when a notification was dismissed. */
export function Screen(): JSX.Element {
  const pages = useLiveList(
    (cursor) =>
      api.listReceivedShares({ query: { state: 'pending', ...(cursor === undefined ? {} : { cursor }) } }),
    ['share'],
  )
  const [offer, setOffer] = useState<ReceivedShare | undefined>(undefined)
  const done = (id: string) => pages.change((items) => items.filter((one) => one.id !== id))
  const close = () => {
    setOffer(undefined)
    void pages.reload()
  }
  return (
    <>
      <ListScreen
        title={t('nav.pending')}
        pages={pages}
        empty={<NothingPending />}
        keyOf={({ id }) => id}
        row={(share) => (
          <PendingRow share={share} onDone={() => done(share.id)} onCopy={() => setOffer(share)} />
        )}
      />
      {offer !== undefined && <CopyOfferDialog share={offer} onClose={close} />}
    </>
  )
}

function NothingPending(): JSX.Element {
  return (
    <Empty
      icon="pending"
      title={t('sharing.nothingPending')}
      action={
        <a class="button plain" href={hrefOf(['shared-with-me'])}>
          {t('nav.sharedWithMe')}
        </a>
      }
    >
      {t('sharing.nothingPendingText')}
    </Empty>
  )
}

interface PendingRowProps {
  share: ReceivedShare
  onDone: () => void
  onCopy: () => void
}

function PendingRow({ share, onDone, onCopy }: PendingRowProps): JSX.Element {
  const accept = async () => {
    const { mountPath } = await api.acceptReceivedShare({ params: { id: share.id }, body: {} })
    onDone()
    showDone(t('sharing.accepted', { name: share.name }))
    if (mountPath !== undefined) navigate(share.kind === 'folder' ? fileHref(mountPath) : hrefOf(['files']))
  }
  const decline = async () => {
    await api.declineReceivedShare({ params: { id: share.id } })
    onDone()
    showDone(t('sharing.declined', { name: share.name }))
  }
  return (
    <>
      <Icon name={share.kind} />
      <Facts share={share} />
      <div class="actions">
        {share.copyOnly !== true && (
          <Button kind={share.transferOffered ? 'plain' : 'primary'} onClick={accept}>
            {t('sharing.accept')}
          </Button>
        )}
        {(share.transferOffered || share.kind === 'folder') && (
          <Button kind={share.transferOffered ? 'primary' : 'plain'} icon="download" onClick={onCopy}>
            {t('sharing.takeCopy')}
          </Button>
        )}
        <Button onClick={decline}>{t('sharing.decline')}</Button>
      </div>
    </>
  )
}

function Facts({ share }: { share: ReceivedShare }): JSX.Element {
  const { name, owner, sender, note, createdAt, role, sizeBytes } = share
  return (
    <div class="grow">
      <p>
        <strong>
          <Name>{name}</Name>
        </strong>{' '}
        {share.transferOffered && <Chip tone="busy">{t('sharing.copyOffered')}</Chip>}
      </p>
      <p class="soft">
        {t('sharing.from')} <Name>{owner.displayName || owner.address}</Name> ({owner.address})
        {sender.address !== owner.address && <> {t('sharing.sentBy', { name: sender.address })}</>}
        {' · '}
        {t(`sharing.role.${role}`)}
        {sizeBytes !== undefined && ` · ${formatBytes(sizeBytes)}`}
        {' · '}
        <Ago at={createdAt} />
      </p>
      {note !== undefined && <blockquote class="note">{note}</blockquote>}
    </div>
  )
}
