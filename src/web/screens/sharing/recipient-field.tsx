import type { JSX } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import type { Recipient } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { Name } from '../../ui/bits.tsx'
import { describeError } from '../../ui/error-note.tsx'
import { Icon, type IconName } from '../../ui/icons.tsx'

const ICONS: Record<Recipient['type'], IconName> = {
  user: 'user',
  group: 'people',
  contact: 'globe',
  address: 'mail',
}
const WAIT_MS = 200

/** A field that finds people as one types (ARIA combobox): arrows choose, Enter takes, Escape clears. */
export function RecipientField({ onChosen }: { onChosen: (recipient: Recipient) => void }): JSX.Element {
  const [text, setText] = useState('')
  const { found, problem } = useFound(text.trim())
  const [at, setAt] = useState(0)
  const id = useId()
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = found[at]
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    else if (event.key === 'Enter' && chosen !== undefined) onChosen(chosen)
    else if (event.key === 'Escape' && text !== '') setText('')
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="field recipient-field">
      <label for={id}>{t('sharing.recipient')}</label>
      <input
        id={id}
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={found[at] === undefined ? undefined : `${id}-${at}`}
        aria-describedby={`${id}-hint`}
        autocomplete="off"
        placeholder={t('sharing.recipientPlaceholder')}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} role="listbox" class="recipients" aria-label={t('sharing.recipient')}>
        {found.map((recipient, index) => (
          <Option
            key={recipient.type + recipient.address}
            id={`${id}-${index}`}
            isActive={index === at}
            {...{ recipient, onChosen }}
          />
        ))}
      </div>
      <Hint id={`${id}-hint`} {...{ text: text.trim(), problem, isEmpty: found.length === 0 }} />
    </div>
  )
}

interface OptionProps {
  recipient: Recipient
  id: string
  isActive: boolean
  onChosen: (recipient: Recipient) => void
}

function Option({ recipient, id, isActive, onChosen }: OptionProps): JSX.Element {
  const { type, displayName, address } = recipient
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      class={isActive ? 'recipient active' : 'recipient'}
      onClick={() => onChosen(recipient)}
    >
      <Icon name={ICONS[type]} />
      <span class="grow truncate">
        <Name>{displayName || address}</Name>{' '}
        {displayName !== '' && displayName !== address && <span class="soft">{address}</span>}
      </span>
      <small>{t(`sharing.recipientType.${type}`)}</small>
    </div>
  )
}

function Hint(props: {
  id: string
  text: string
  problem: string | undefined
  isEmpty: boolean
}): JSX.Element {
  const { id, text, problem, isEmpty } = props
  if (problem !== undefined)
    return (
      <p id={id} class="field-problem" role="alert">
        {problem}
      </p>
    )
  if (text.length < 2 || !isEmpty)
    return (
      <p id={id} class="field-hint">
        {t('sharing.recipientHint')}
      </p>
    )
  return (
    <p id={id} class="field-hint" role="status">
      {t('sharing.nobodyFound')} <a href={hrefOf(['connections'])}>{t('sharing.inviteInstead')}</a>
    </p>
  )
}

/** Asks the node a moment after the last key; an older answer never replaces a newer one. */
function useFound(text: string): { found: Recipient[]; problem: string | undefined } {
  const [state, setState] = useState<{ found: Recipient[]; problem: string | undefined }>({
    found: [],
    problem: undefined,
  })
  useEffect(() => {
    if (text.length < 2) return setState({ found: [], problem: undefined })
    const gone = new AbortController()
    const timer = window.setTimeout(async () => {
      try {
        const { items } = await api.findRecipients({ query: { query: text, limit: 20 }, signal: gone.signal })
        setState({ found: items, problem: undefined })
      } catch (error) {
        if (!gone.signal.aborted) setState({ found: [], problem: describeError(error).text })
      }
    }, WAIT_MS)
    return () => {
      window.clearTimeout(timer)
      gone.abort()
    }
  }, [text])
  return state
}
