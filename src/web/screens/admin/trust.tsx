import type { JSX } from 'preact'
import type { Trust } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useForm } from '../../ui/use-form.ts'
import { useLoad } from '../../ui/use-load.ts'
import { PeerKeys } from './peer-keys.tsx'

type List = 'allowed' | 'denied'

/** Whom the node talks to: the rules of the configuration, and the lists that an operator keeps here. */
export function TrustLists(): JSX.Element {
  const trust = useLoad(() => api.getTrust(), [])
  return (
    <>
      <LoadedView of={trust}>
        {(data) => (
          <Section title={t('admin.trust')} text={t('admin.trustText', { rules: data.policy.join(', ') })}>
            <div class="columns">
              <HostList list="allowed" trust={data} onChanged={trust.reload} />
              <HostList list="denied" trust={data} onChanged={trust.reload} />
            </div>
          </Section>
        )}
      </LoadedView>
      <PeerKeys />
    </>
  )
}

interface HostListProps {
  list: List
  trust: Trust
  onChanged: () => unknown
}

function HostList({ list, trust, onChanged }: HostListProps): JSX.Element {
  const form = useForm({ host: '' }, ({ host }) =>
    api.addTrustedHost({ params: { list, host: host.trim() } }),
  )
  const add = async (event: Event) => {
    event.preventDefault()
    if (!(await form.submit())) return
    form.reset({ host: '' })
    await onChanged()
  }
  const remove = async (host: string) => {
    await api.removeTrustedHost({ params: { list, host } })
    await onChanged()
  }
  return (
    <div>
      <h3>{t(`admin.${list}Hosts`)}</h3>
      <form class="one-line" onSubmit={add}>
        <Field
          label={t('admin.host')}
          value={form.values.host}
          onValue={(v) => form.set('host', v)}
          required
        />
        <Button type="submit" icon="plus" disabled={form.isBusy}>
          {t('admin.add')}
        </Button>
      </form>
      {form.error !== undefined && <ErrorNote error={form.error} />}
      {trust[list].length === 0 && <p class="soft">{t(`admin.${list}Empty`)}</p>}
      {trust[list].length > 0 && (
        <ul class="list">
          {trust[list].map((host) => (
            <li key={host}>
              <span class="grow">{host}</span>
              <IconButton icon="close" label={t('admin.removeHost', { host })} onClick={() => remove(host)} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
