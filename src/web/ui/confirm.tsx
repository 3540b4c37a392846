import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { t } from '../i18n/t.ts'
import { addHost } from '../shell/hosts.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface Question {
  title: string
  text: string
  /** What the button says that does it: a verb, not "OK". */
  action: string
  tone?: 'danger' | 'primary'
}

const open = signal<(Question & { answer: (isYes: boolean) => void }) | undefined>(undefined)

/** Asks before something that cannot be undone. */
export function confirm(question: Question): Promise<boolean> {
  addHost(Confirm)
  open.value?.answer(false)
  return new Promise((resolve) => {
    open.value = {
      ...question,
      answer(isYes) {
        open.value = undefined
        resolve(isYes)
      },
    }
  })
}

function Confirm(): JSX.Element | null {
  const question = open.value
  if (question === undefined) return null
  const { title, text, action, tone = 'danger', answer } = question
  return (
    <Dialog
      title={title}
      onClose={() => answer(false)}
      onSubmit={() => answer(true)}
      footer={
        <>
          <Button onClick={() => answer(false)}>{t('common.cancel')}</Button>
          <Button kind={tone} type="submit">
            {action}
          </Button>
        </>
      }
    >
      <p>{text}</p>
    </Dialog>
  )
}
