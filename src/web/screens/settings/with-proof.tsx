import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { isProblem } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { addHost } from '../../shell/hosts.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { useForm } from '../../ui/use-form.ts'
import { ProofFields } from './proof-fields.tsx'
import { prove } from './prove.ts'

interface Question {
  /** Proves them and goes on; throws when that was no proof. */
  answer: (password: string) => Promise<void>
  giveUp: () => void
}

const open = signal<Question | undefined>(undefined)

/**
 * Does what the node allows only shortly after signing in; asks for the password where that is long ago, and does it
 * then. Undefined when they would rather not.
 */
export async function withProof<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isProblem(error, 'REAUTHENTICATE')) throw error
    return await workProven(work)
  }
}

function workProven<T>(work: () => Promise<T>): Promise<T | undefined> {
  addHost(ProofDialog)
  open.value?.giveUp()
  return new Promise((resolve, reject) => {
    const close = () => {
      if (open.value === question) open.value = undefined
    }
    const question: Question = {
      async answer(password) {
        await prove(password)
        const done = work()
        // Still not proven: that is said where they can try again.
        await done.catch((error: unknown) => {
          if (isProblem(error, 'REAUTHENTICATE')) throw error
        })
        close()
        done.then(resolve, reject)
      },
      giveUp() {
        close()
        resolve(undefined)
      },
    }
    open.value = question
  })
}

function ProofDialog(): JSX.Element | null {
  const question = open.value
  return question === undefined ? null : <ProofForm {...question} />
}

function ProofForm({ answer, giveUp }: Question): JSX.Element {
  const form = useForm({ password: '' }, ({ password }) => answer(password))
  return (
    <FormDialog title={t('settings.proveTitle')} action={t('settings.prove')} form={form} onClose={giveUp}>
      <ProofFields
        password={form.values.password}
        onPassword={(password) => form.set('password', password)}
      />
    </FormDialog>
  )
}
