import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { Check, Field, Select } from '../../ui/field.tsx'
import type { Form } from '../../ui/use-form.ts'
import { rolesFor } from './roles.ts'
import type { Terms } from './terms.ts'

interface TermsFieldsProps {
  form: Form<Terms>
  kind: 'file' | 'folder'
  isLink: boolean
  /** It is about to be made: people get a message, a link gets a name. */
  isNew?: boolean
  /** The link has a password, which stays when nothing is typed. */
  hasPassword?: boolean
}

/** The terms of a share, for whoever gets it, new or changed: role, message, password, end, passing on. */
export function TermsFields(props: TermsFieldsProps): JSX.Element {
  const { form, kind, isLink, isNew = false } = props
  const { values, set } = form
  return (
    <>
      <Select
        label={t(isLink ? 'sharing.linkRole' : 'sharing.roleLabel')}
        value={values.role}
        onValue={(v) => set('role', v)}
        options={rolesFor(kind, isLink)}
      />
      {isNew && !isLink && (
        <Field
          label={t('sharing.note')}
          hint={t('common.optional')}
          value={values.note}
          onValue={(v) => set('note', v)}
          maxLength={1000}
        />
      )}
      {isLink && <LinkFields {...props} />}
      <Field
        label={t('sharing.until')}
        hint={t('sharing.untilHint')}
        type="date"
        value={values.until}
        onValue={(v) => set('until', v)}
      />
      {!isLink && (
        <Check
          label={t('sharing.allowReshare')}
          checked={values.mayReshare}
          onChecked={(v) => set('mayReshare', v)}
        />
      )}
    </>
  )
}

function LinkFields({
  form: { values, set },
  isNew = false,
  hasPassword = false,
}: TermsFieldsProps): JSX.Element {
  return (
    <>
      {isNew && (
        <Field
          label={t('sharing.linkLabel')}
          hint={t('sharing.linkLabelHint')}
          value={values.label}
          onValue={(v) => set('label', v)}
        />
      )}
      <Field
        label={t('sharing.linkPassword')}
        hint={t(hasPassword ? 'sharing.linkPasswordKept' : 'common.optional')}
        type="password"
        autocomplete="new-password"
        value={values.password}
        onValue={(v) => set('password', v)}
        disabled={values.dropPassword}
      />
      {hasPassword && (
        <Check
          label={t('sharing.dropPassword')}
          checked={values.dropPassword}
          onChecked={(v) => set('dropPassword', v)}
        />
      )}
    </>
  )
}
