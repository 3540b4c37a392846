import type { JSX } from 'preact'
import type { NewEndpoint } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { me } from '../../session.ts'
import { Check, Field, Select } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
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
    <FormDialog title={t('transfers.addEndpoint')} action={t('common.save')} form={form} onClose={onClose}>
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
    </FormDialog>
  )
}
