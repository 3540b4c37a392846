import type { JSX } from 'preact'
import type { Identity } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { session } from '../../session.ts'
import { Ago, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { withProof } from './with-proof.tsx'

/** The accounts elsewhere that one signs in with; nothing where the node knows no identity provider. */
export function Identities(): JSX.Element | null {
  const provider = session.value?.login.oidc
  return provider === undefined ? null : <IdentityList label={provider.label} />
}

/** `label`: what the operator calls the provider. */
function IdentityList({ label }: { label: string }): JSX.Element {
  const identities = useLoad(() => api.listIdentities(), [])
  const link = async () => {
    const answer = await withProof(() =>
      api.linkIdentity({ body: { returnTo: hrefOf(['settings', 'profile']) } }),
    )
    if (answer !== undefined) window.location.assign(answer.url)
  }
  const unlink = async ({ id, label: name }: Identity) => {
    const question = { title: t('settings.unlinkTitle', { name }), text: t('settings.unlinkText', { label }) }
    if (!(await confirm({ ...question, action: t('settings.unlink') }))) return
    const isDone = await withProof(async () => {
      await api.unlinkIdentity({ params: { id } })
      return true
    })
    if (isDone === true) showDone(t('settings.unlinked', { name }))
    await identities.reload()
  }
  return (
    <Section
      title={t('settings.identities')}
      text={t('settings.identitiesText', { label })}
      actions={
        <Button icon="plus" onClick={link}>
          {t('settings.link', { label })}
        </Button>
      }
    >
      <LoadedView of={identities}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="soft">{t('settings.noIdentities')}</p>
          ) : (
            <ul class="list">
              {items.map((identity) => (
                <IdentityRow key={identity.id} identity={identity} onUnlink={() => unlink(identity)} />
              ))}
            </ul>
          )
        }
      </LoadedView>
    </Section>
  )
}

function IdentityRow({
  identity: { label, issuer, lastUsedAt },
  onUnlink,
}: {
  identity: Identity
  onUnlink: () => unknown
}): JSX.Element {
  return (
    <li>
      <div class="grow">
        <strong>
          <Name>{label}</Name>
        </strong>
        <p class="soft">
          <Name>{issuer}</Name> · {t('settings.lastUsed')} <Ago at={lastUsedAt} />
        </p>
      </div>
      <Button onClick={onUnlink}>{t('settings.unlink')}</Button>
    </li>
  )
}
