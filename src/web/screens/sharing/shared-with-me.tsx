import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { ReceivedShare } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { fileHref, hrefOf } from '../../router.ts'
import { Ago, Chip, Empty, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { AddLinkDialog } from './add-link-dialog.tsx'
import { CopyOfferDialog } from './copy-offer-dialog.tsx'
import { ListScreen } from './list-screen.tsx'
import { receivedState } from './states.ts'
import { useLiveList } from './use-list.ts'

type Open = { kind: 'link' } | { kind: 'copy'; share: ReceivedShare } | undefined

/** What others share with me: accepted, waiting or declined, each with what can be done. */
export function Screen(): JSX.Element {
  const pages = useLiveList(
    (cursor) => api.listReceivedShares({ query: cursor === undefined ? {} : { cursor } }),
    ['share'],
  )
  const [open, setOpen] = useState<Open>(undefined)
  const close = () => {
    setOpen(undefined)
    void pages.reload()
  }
  return (
    <>
      <ListScreen
        title={t('nav.sharedWithMe')}
        actions={
          <Button icon="link" onClick={() => setOpen({ kind: 'link' })}>
            {t('sharing.addLink')}
          </Button>
        }
        pages={pages}
        keep={({ state }) => state !== 'revoked'}
        empty={<NothingReceived />}
        keyOf={({ id }) => id}
        row={(share) => (
          <ReceivedRow
            share={share}
            onChanged={pages.reload}
            onCopy={() => setOpen({ kind: 'copy', share })}
          />
        )}
      />
      {open?.kind === 'link' && <AddLinkDialog onClose={close} />}
      {open?.kind === 'copy' && <CopyOfferDialog share={open.share} onClose={close} />}
    </>
  )
}

function NothingReceived(): JSX.Element {
  return (
    <Empty
      icon="inbox"
      title={t('sharing.nothingReceived')}
      action={
        <a class="button primary" href={hrefOf(['connections'])}>
          {t('sharing.goToConnections')}
        </a>
      }
    >
      {t('sharing.nothingReceivedText')}
    </Empty>
  )
}

interface ReceivedRowProps {
  share: ReceivedShare
  onChanged: () => unknown
  onCopy: () => void
}

function ReceivedRow({ share, onChanged, onCopy }: ReceivedRowProps): JSX.Element {
  const { name, kind, owner, role, mountPath, createdAt } = share
  const { word, tone } = receivedState(share)
  const href =
    mountPath === undefined
      ? undefined
      : fileHref(kind === 'folder' ? mountPath : mountPath.replace(/\/[^/]*$/, '/'))
  return (
    <>
      <Icon name={kind} />
      <div class="grow">
        <p>
          <strong>
            {href === undefined ? (
              <Name>{name}</Name>
            ) : (
              <a href={href}>
                <Name>{name}</Name>
              </a>
            )}
          </strong>
        </p>
        <p class="soft">
          {t('sharing.from')} <Name>{owner.displayName || owner.address}</Name> ({owner.address}) ·{' '}
          {t(`sharing.role.${role}`)} · <Ago at={createdAt} />
        </p>
        {share.copy?.error !== undefined && <p class="field-problem">{share.copy.error.message}</p>}
      </div>
      <Chip tone={tone}>{word}</Chip>
      <Menu label={t('sharing.actionsFor', { name })} items={actions(share, href, onChanged, onCopy)} />
    </>
  )
}

function actions(
  share: ReceivedShare,
  href: string | undefined,
  onChanged: () => unknown,
  onCopy: () => void,
): MenuItem[] {
  const { id, name, state, webapp } = share
  const accept = async () => {
    await api.acceptReceivedShare({ params: { id }, body: {} })
    await onChanged()
  }
  const leave = async () => {
    const question = {
      title: t('sharing.leave', { name }),
      text: t('sharing.leaveText'),
      action: t('sharing.leaveAction'),
    }
    if (!(await confirm(question))) return
    await api.leaveReceivedShare({ params: { id } })
    await onChanged()
  }
  const openApp = async () => {
    const answer = await api.openReceivedShare({ params: { id }, body: { as: 'page' } })
    if ('page' in answer) window.open(answer.page, '_blank', 'noopener')
  }
  return [
    ...(href === undefined ? [] : [{ label: t('sharing.open'), icon: 'folder', href } as const]),
    ...(state === 'pending' ? [{ label: t('sharing.accept'), icon: 'check', run: accept } as const] : []),
    ...(state === 'accepted' || state === 'pending'
      ? [{ label: t('sharing.takeCopy'), icon: 'download', run: onCopy } as const]
      : []),
    ...(webapp === undefined
      ? []
      : [
          {
            label: t('sharing.openIn', { name: webapp.name ?? share.owner.address }),
            icon: 'globe',
            run: openApp,
          } as const,
        ]),
    { label: t('sharing.leaveAction'), icon: 'close', tone: 'danger', run: leave },
  ]
}
