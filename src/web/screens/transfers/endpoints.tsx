import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Endpoint, EndpointFinding } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Chip, Empty, Loading, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { usePages } from '../../ui/use-pages.ts'
import { EndpointDialog } from './endpoint-dialog.tsx'

type Open = { kind: 'add' } | { kind: 'test'; endpoint: Endpoint } | undefined

/** Storage elsewhere that was defined once, with its secrets kept by the node. */
export function Endpoints(): JSX.Element {
  const endpoints = usePages((cursor) => api.listEndpoints({ query: { cursor, limit: 200 } }), [])
  const [open, setOpen] = useState<Open>(undefined)
  const close = () => {
    setOpen(undefined)
    void endpoints.reload()
  }
  const add = (
    <Button icon="plus" onClick={() => setOpen({ kind: 'add' })}>
      {t('transfers.addEndpoint')}
    </Button>
  )
  return (
    <Section title={t('transfers.tab.endpoints')} text={t('transfers.endpointsText')} actions={add}>
      <PagesView of={endpoints} empty={<Empty icon="globe" title={t('transfers.noEndpoints')} />}>
        {(items) => (
          <ul class="list">
            {items.map((endpoint) => (
              <EndpointRow
                key={endpoint.id}
                endpoint={endpoint}
                onTest={() => setOpen({ kind: 'test', endpoint })}
                onChanged={endpoints.reload}
              />
            ))}
          </ul>
        )}
      </PagesView>
      {open?.kind === 'add' && <EndpointDialog onClose={close} />}
      {open?.kind === 'test' && <TestDialog endpoint={open.endpoint} onClose={close} />}
    </Section>
  )
}

interface EndpointRowProps {
  endpoint: Endpoint
  onTest: () => void
  onChanged: () => unknown
}

function EndpointRow({ endpoint, onTest, onChanged }: EndpointRowProps): JSX.Element {
  const { id, name, kind, url, owner } = endpoint
  const remove = async () => {
    const question = {
      title: t('transfers.removeEndpoint', { name }),
      text: t('transfers.removeEndpointText'),
    }
    if (!(await confirm({ ...question, action: t('common.remove') }))) return
    await api.removeEndpoint({ params: { id } })
    await onChanged()
  }
  const removal: MenuItem = { label: t('common.remove'), icon: 'trash', tone: 'danger', run: remove }
  return (
    <li>
      <div class="grow">
        <strong>
          <Name>{name}</Name>
        </strong>{' '}
        {owner === 'operator' && <Chip>{t('transfers.ofOperator')}</Chip>}
        <p class="soft">
          {kind} {url !== undefined && <Name>{url}</Name>}
        </p>
      </div>
      <Button onClick={onTest}>{t('admin.test')}</Button>
      {owner === 'me' && <Menu label={t('transfers.actionsFor', { name })} items={[removal]} />}
    </li>
  )
}

function TestDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }): JSX.Element {
  const test = useLoad(() => api.testEndpoint({ params: { id: endpoint.id }, body: {} }), [endpoint.id])
  return (
    <Dialog title={t('admin.testOf', { host: endpoint.name })} size="medium" onClose={onClose}>
      {test.isLoading && <Loading />}
      {test.error !== undefined && <ErrorNote error={test.error} onRetry={test.reload} />}
      {test.data !== undefined && <FindingList findings={test.data.findings} />}
    </Dialog>
  )
}

const TONES = { ok: 'good', warn: 'warn', fail: 'bad', skip: 'neutral' } as const

function FindingList({ findings }: { findings: EndpointFinding[] }): JSX.Element {
  return (
    <ul class="findings">
      {findings.map(({ level, code, message }) => (
        <li key={code + message}>
          <Chip tone={TONES[level]}>{t(`transfers.finding.${level}`)}</Chip>
          <p>{message}</p>
        </li>
      ))}
    </ul>
  )
}
