import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Share } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { fileHref } from '../../router.ts'
import { Ago, Chip, Copyable, Name } from '../../ui/bits.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { ChangeShareDialog } from './change-share-dialog.tsx'
import { givenState, roleWord } from './states.ts'

interface GivenRowProps {
  share: Share
  onChanged: () => unknown
  /** In a list of several entries: say which one it is. */
  withPath?: boolean
}

/** One share that I gave: to whom, how it stands, what they may, and what I can do about it. */
export function GivenRow({ share, onChanged, withPath = false }: GivenRowProps): JSX.Element {
  const [isChanging, setChanging] = useState(false)
  const { word, tone } = givenState(share)
  const close = () => {
    setChanging(false)
    void onChanged()
  }
  return (
    <li class="given">
      <Icon name={iconOf(share)} />
      <div class="grow">
        {withPath && (
          <p>
            <a href={fileHref(share.path)}>
              <Name>{share.name}</Name>
            </a>
          </p>
        )}
        <Recipient share={share} />
        <p class="soft">
          {roleWord(share.role)}
          {share.mayReshare && share.link === undefined && `, ${t('sharing.mayReshare')}`}
          {share.expiresAt !== undefined && (
            <>
              {', '}
              {t('sharing.ends')} <Ago at={share.expiresAt} />
            </>
          )}
        </p>
        {share.link !== undefined && <Copyable text={share.link.url} label={t('sharing.link')} />}
        {(share.messages ?? []).map(
          ({ id, lastError }) =>
            lastError !== undefined && (
              <p key={id} class="field-problem">
                {lastError}
              </p>
            ),
        )}
      </div>
      <Chip tone={tone}>{word}</Chip>
      <Menu
        label={t('sharing.actionsFor', { name: nameOf(share) })}
        items={actions(share, onChanged, () => setChanging(true))}
      />
      {isChanging && <ChangeShareDialog share={share} onClose={close} />}
    </li>
  )
}

function Recipient({ share: { recipient, link } }: { share: Share }): JSX.Element {
  if (link !== undefined) {
    return (
      <p>
        <strong>{recipient.displayName || t('sharing.link')}</strong>{' '}
        {link.hasPassword && <Chip icon="key">{t('sharing.withPassword')}</Chip>}{' '}
        <span class="soft">{t('sharing.downloads', { n: link.downloads })}</span>
      </p>
    )
  }
  return (
    <p>
      <strong>
        <Name>{recipient.displayName || recipient.address}</Name>
      </strong>{' '}
      {recipient.displayName !== recipient.address && <span class="soft">{recipient.address}</span>}
    </p>
  )
}

function actions(share: Share, onChanged: () => unknown, change: () => void): MenuItem[] {
  const retry = async () => {
    await Promise.all((share.messages ?? []).map(({ id }) => api.retryMessage({ params: { id } })))
    await onChanged()
  }
  const end = async () => {
    const question = {
      title: t('sharing.end', { name: nameOf(share) }),
      text: t('sharing.endText'),
      action: t('sharing.endAction'),
    }
    if (!(await confirm(question))) return
    await api.revokeShare({ params: { id: share.id } })
    showDone(t('sharing.ended'))
    await onChanged()
  }
  const hasFailed = (share.messages ?? []).some(({ lastError }) => lastError !== undefined)
  return [
    { label: t('sharing.change'), icon: 'edit', run: change },
    ...(hasFailed ? [{ label: t('sharing.tryAgain'), icon: 'retry', run: retry } as const] : []),
    { label: t('sharing.endAction'), icon: 'close', tone: 'danger', run: end },
  ]
}

function nameOf({ recipient, link }: Share): string {
  return recipient.displayName || (link === undefined ? recipient.address : t('sharing.link'))
}

function iconOf({ recipient, link }: Share) {
  if (link !== undefined) return 'link'
  if (recipient.isGroup === true) return 'people'
  return recipient.type === 'remote' ? 'globe' : 'user'
}
