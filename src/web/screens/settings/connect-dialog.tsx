import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { NewAppPassword } from '../../../client/operations.ts'
import { api, isProblem } from '../../api.ts'
import { userName, webdavUrl } from '../../dav/dav.ts'
import { t } from '../../i18n/t.ts'
import { Copyable } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { type Program, programLines } from './program-lines.ts'
import { ProofFields } from './proof-fields.tsx'
import { prove } from './prove.ts'

/** How programs reach the drive: its address, a password of their own, and the line to paste for each. */
export function ConnectDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [made, setMade] = useState<string | undefined>(undefined)
  return (
    <Dialog
      title={t('connect.title')}
      size="medium"
      onClose={onClose}
      footer={<Button onClick={onClose}>{t('common.close')}</Button>}
    >
      <section class="connect-part">
        <h3>{t('connect.address')}</h3>
        <Copyable label={t('connect.address')} text={webdavUrl()} />
        <div class="info-line">
          <span class="soft">{t('login.name')}</span>
          <Copyable label={t('login.name')} text={userName()} />
        </div>
      </section>
      <section class="connect-part">
        <h3>{t('connect.password')}</h3>
        {made === undefined ? (
          <MakePassword onMade={setMade} />
        ) : (
          <>
            <Copyable label={t('connect.password')} text={made} />
            <p class="soft">{t('connect.passwordOnce')}</p>
          </>
        )}
      </section>
      <Lines password={made} />
    </Dialog>
  )
}

/** A password for one program; the node may first want to be sure that it is still the same person. */
function MakePassword({ onMade }: { onMade: (password: string) => void }): JSX.Element {
  const [label, setLabel] = useState('')
  const [proof, setProof] = useState<string | undefined>(undefined)
  const [error, setError] = useState<unknown>(undefined)
  const make = async () => {
    setError(undefined)
    try {
      if (proof !== undefined) await prove(proof)
      const { password }: NewAppPassword = await api.createAppPassword({
        body: { label: label.trim() === '' ? t('connect.labelDefault') : label.trim() },
      })
      onMade(password)
    } catch (thrown) {
      if (proof === undefined && isProblem(thrown, 'REAUTHENTICATE')) setProof('')
      else setError(thrown)
    }
  }
  return (
    <>
      <p class="soft">{t('connect.passwordText')}</p>
      {error !== undefined && <ErrorNote error={error} />}
      <Field
        label={t('connect.label')}
        value={label}
        onValue={setLabel}
        placeholder={t('connect.labelHint')}
        autocomplete="off"
        maxLength={100}
      />
      {proof !== undefined && <ProofFields password={proof} onPassword={setProof} />}
      <p>
        <Button kind="primary" icon="key" onClick={make}>
          {t('connect.make')}
        </Button>
      </p>
    </>
  )
}

const PROGRAMS: readonly Program[] = ['windows', 'macos', 'linux', 'rclone', 'nextcloud']

function Lines({ password }: { password: string | undefined }): JSX.Element {
  const [program, setProgram] = useState<Program>('windows')
  const lines = programLines(program, {
    url: webdavUrl(),
    server: new URL('.', document.baseURI).href.replace(/\/$/, ''),
    user: userName(),
    password: password ?? t('connect.passwordPlace'),
  })
  return (
    <section class="connect-part">
      <h3>{t('connect.programs')}</h3>
      <div class="tabs" role="group" aria-label={t('connect.programs')}>
        {PROGRAMS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === program}
            aria-current={one === program ? 'true' : undefined}
            onClick={() => setProgram(one)}
          >
            {t(`connect.${one}`)}
          </button>
        ))}
      </div>
      <p class="soft">{t(`connect.${program}Text`)}</p>
      {lines.map((line) => (
        <Copyable key={line} label={t(`connect.${program}`)} text={line} />
      ))}
    </section>
  )
}
