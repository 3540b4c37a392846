import type { JSX } from 'preact'
import type { SigningKey } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'

/** The node's own keys: stage a new one, let it sign when the others know it, retire the old. */
export function Keys(): JSX.Element {
  const keys = useLoad(() => api.listKeys(), [])
  const stage = async () => {
    await api.stageKey({ body: { kind: 'ed25519' } })
    await keys.reload()
  }
  return (
    <Section
      title={t('admin.keys')}
      text={t('admin.keysText')}
      actions={
        <Button icon="plus" onClick={stage}>
          {t('admin.stageKey')}
        </Button>
      }
    >
      <LoadedView of={keys}>
        {({ items }) => (
          <DataTable
            label={t('admin.keys')}
            rows={items}
            keyOf={({ kid }) => kid}
            columns={[
              { title: t('admin.keyId'), cell: ({ kid }) => <code>{kid}</code> },
              { title: t('admin.kind'), cell: ({ kind }) => (kind === 'rsa' ? 'RSA' : 'Ed25519') },
              {
                title: t('admin.state'),
                cell: ({ state }) => (
                  <Chip tone={state === 'active' ? 'good' : 'neutral'}>
                    {t(`admin.ownKeyState.${state}`)}
                  </Chip>
                ),
              },
              { title: t('admin.since'), cell: ({ changedAt }) => <Ago at={changedAt} /> },
              {
                title: t('common.actions'),
                kind: 'actions',
                cell: (key) => <NextStep {...{ signingKey: key, onDone: keys.reload }} />,
              },
            ]}
          />
        )}
      </LoadedView>
    </Section>
  )
}

/** What can be done with a key depends on its state. */
function NextStep({
  signingKey: { kid, state },
  onDone,
}: {
  signingKey: SigningKey
  onDone: () => unknown
}): JSX.Element | null {
  const activate = async () => {
    const question = { title: t('admin.activateKey'), text: t('admin.activateKeyText') }
    if (!(await confirm({ ...question, action: t('admin.activateKey'), tone: 'primary' }))) return
    await api.activateKey({ params: { kid } })
    await onDone()
  }
  const retire = async () => {
    const question = { title: t('admin.retireKey'), text: t('admin.retireKeyText') }
    if (!(await confirm({ ...question, action: t('admin.retireKey') }))) return
    await api.retireKey({ params: { kid } })
    await onDone()
  }
  if (state === 'staged') return <Button onClick={activate}>{t('admin.activateKey')}</Button>
  return state === 'retiring' ? <Button onClick={retire}>{t('admin.retireKey')}</Button> : null
}
