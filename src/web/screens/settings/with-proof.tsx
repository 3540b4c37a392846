import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { isProblem } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { addHost } from '../../shell/hosts.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'
import { ProofFields } from './proof-fields.tsx'
import { prove } from './prove.ts'

const open = signal<{ answer: (isProven: boolean) => void } | undefined>(undefined)

/**
 * Does what the node allows only shortly after signing in; asks for the password where that is long ago, and does it
 * then. Undefined when they would rather not.
 */
export async function withProof<T>(work: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isProblem(error, 'REAUTHENTICATE')) throw error
      if (!(await askProof())) return undefined
    }
  }
}

function askProof(): Promise<boolean> {
  addHost(ProofDialog)
  open.value?.answer(false)
  return new Promise((resolve) => {
    open.value = {
      answer(isProven) {
        open.value = undefined
        resolve(isProven)
      },
    }
  })
}

function ProofDialog(): JSX.Element | null {
  const question = open.value
  return question === undefined ? null : <ProofForm answer={question.answer} />
}

function ProofForm({ answer }: { answer: (isProven: boolean) => void }): JSX.Element {
  const form = useForm({ password: '' }, async ({ password }) => {
    await prove(password)
    answer(true)
  })
  return (
    <FormDialog
      title={t('settings.proveTitle')}
      action={t('settings.prove')}
      form={form}
      onClose={() => answer(false)}
    >
      <ProofFields
        password={form.values.password}
        onPassword={(password) => form.set('password', password)}
      />
    </FormDialog>
  )
}
