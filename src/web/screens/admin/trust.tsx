import type { JSX } from 'preact'
import type { Trust } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { AddLine } from '../../ui/add-line.tsx'
import { IconButton } from '../../ui/button.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
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
  const add = async (host: string) => {
    await api.addTrustedHost({ params: { list, host: host.trim() } })
    await onChanged()
  }
  const remove = async (host: string) => {
    await api.removeTrustedHost({ params: { list, host } })
    await onChanged()
  }
  return (
    <div>
      <h3>{t(`admin.${list}Hosts`)}</h3>
      <AddLine label={t('admin.host')} onAdd={add} />
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
