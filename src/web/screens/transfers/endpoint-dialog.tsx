import type { JSX } from 'preact'
import type { NewEndpoint } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { me } from '../../session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Check, Field, Select } from '../../ui/field.tsx'
import { useForm } from '../../ui/use-form.ts'
import { ENDPOINT_KINDS, endpointBody, fieldsFor, isSecret } from './endpoint-kinds.ts'

type Values = Record<string, string> & { kind: NewEndpoint['kind']; isShared: string }

/** Defines storage elsewhere; the secrets stay at the node, encrypted, and are never shown again. */
export function EndpointDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const initial = { kind: 'webdav', name: '', url: '', isShared: '' } as unknown as Values
  const form = useForm<Values>(initial, async (values) => {
    await api.createEndpoint({ body: endpointBody(values.kind, values, values.isShared === 'yes') })
    onClose()
  })
  const { values, set } = form
  return (
    <Dialog
      title={t('transfers.addEndpoint')}
      onClose={onClose}
      onSubmit={form.submit}
      footer={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" kind="primary" disabled={form.isBusy}>
            {t('common.save')}
          </Button>
        </>
      }
    >
      {form.error !== undefined && <ErrorNote error={form.error} />}
      <Field
        label={t('common.name')}
        hint={t('transfers.endpointNameHint')}
        value={values.name ?? ''}
        onValue={(v) => set('name', v)}
        required
        autofocus
      />
      <Select
        label={t('admin.kind')}
        value={values.kind}
        onValue={(v) => set('kind', v)}
        options={ENDPOINT_KINDS}
      />
      {fieldsFor(values.kind).map((field) => (
        <Field
          key={field}
          label={t(`transfers.endpointField.${field}`)}
          type={isSecret(field) ? 'password' : field === 'url' ? 'url' : 'text'}
          autocomplete={isSecret(field) ? 'new-password' : 'off'}
          value={values[field] ?? ''}
          onValue={(v) => set(field, v)}
          required={field === 'url' || field === 'host'}
        />
      ))}
      {me.value?.isAdmin === true && (
        <Check
          label={t('transfers.forEverybody')}
          checked={values.isShared === 'yes'}
          onChecked={(v) => set('isShared', v ? 'yes' : '')}
        />
      )}
    </Dialog>
  )
}
