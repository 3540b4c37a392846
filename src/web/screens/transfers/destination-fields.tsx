import type { JSX } from 'preact'
import type { Contact, Endpoint } from '../../../client/operations.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { Field, Select } from '../../ui/field.tsx'
import type { OrderValues } from './order.ts'

interface DestinationFieldsProps {
  values: OrderValues
  set: <K extends keyof OrderValues>(name: K, value: OrderValues[K]) => void
  endpoints: readonly Endpoint[]
  contacts: readonly Contact[]
}

const KINDS = ['drive', 'contact', 'endpoint', 'url'] as const

/** Where the copy goes: what kind of place, and which one. */
export function DestinationFields({ values, set, endpoints, contacts }: DestinationFieldsProps): JSX.Element {
  return (
    <>
      <Select
        label={t('transfers.to')}
        value={values.to}
        onValue={(to) => set('to', to)}
        options={KINDS.map((value) => ({ value, label: t(`transfers.toKind.${value}`) }))}
      />
      {values.to === 'contact' && <ContactFields {...{ values, set, contacts }} />}
      {values.to === 'endpoint' && (
        <Select
          label={t('transfers.endpoint')}
          hint={
            endpoints.length === 0 ? (
              <a href={hrefOf(['transfers', 'endpoints'])}>{t('transfers.noEndpointsYet')}</a>
            ) : undefined
          }
          value={values.endpoint}
          onValue={(endpoint) => set('endpoint', endpoint)}
          options={[
            { value: '', label: t('transfers.choose') },
            ...endpoints.map(({ name }) => ({ value: name, label: name })),
          ]}
        />
      )}
      {values.to !== 'contact' && (
        <Field
          label={t(values.to === 'url' ? 'transfers.url' : 'transfers.path')}
          hint={t('transfers.pathHint')}
          placeholder={values.to === 'url' ? 'davs://storage.example.org/data/' : '/data/'}
          value={values.place}
          onValue={(place) => set('place', place)}
          required
        />
      )}
    </>
  )
}

function ContactFields({ values, set, contacts }: Omit<DestinationFieldsProps, 'endpoints'>): JSX.Element {
  return (
    <>
      <Select
        label={t('transfers.contact')}
        hint={t('transfers.contactHint')}
        value={values.contact}
        onValue={(contact) => set('contact', contact)}
        options={[
          { value: '', label: t('transfers.choose') },
          ...contacts.map(({ id, displayName, address }) => ({
            value: id,
            label: `${displayName || address} (${address})`,
          })),
        ]}
      />
      <Field
        label={t('sharing.note')}
        hint={t('common.optional')}
        value={values.note}
        onValue={(note) => set('note', note)}
      />
    </>
  )
}
