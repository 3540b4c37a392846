import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { t } from './i18n/t.ts'
import { basePath, hrefOf, navigate, place } from './router.ts'
import { screenFor } from './screens/index.ts'
import { Login } from './screens/login/login.tsx'
import { SignInAgain } from './screens/login/sign-in-again.tsx'
import { loadSession, sessionState } from './session.ts'
import { Frame } from './shell/frame.tsx'
import { hosts } from './shell/hosts.ts'
import { Empty, Loading } from './ui/bits.tsx'
import { Toasts } from './ui/toasts.tsx'

/** The whole page: who is not known signs in, everybody else sees the frame with a screen in it. */
export function App(): JSX.Element {
  return (
    <>
      <Content />
      <Toasts />
    </>
  )
}

function Content(): JSX.Element | null {
  const isLogin = place.value.segments[0] === 'login'
  if (sessionState.value === 'loading') return <Loading />
  if (sessionState.value === 'unreachable') return <Unreachable />
  if (sessionState.value === 'signed-out') return isLogin ? <Login /> : <Redirect to={loginHref()} />
  if (isLogin || place.value.path === '/') return <Redirect to={hrefOf(['files'])} />
  const Screen = screenFor(place.value)
  return (
    <>
      <Frame>
        <Screen />
      </Frame>
      {hosts.value.map((Host, index) => (
        <Host key={index} />
      ))}
      {sessionState.value === 'ended' && <SignInAgain />}
    </>
  )
}

function loginHref(): string {
  const { path, query } = place.value
  const here = basePath.replace(/\/$/, '') + path + (query.size === 0 ? '' : `?${query}`)
  return hrefOf(['login'], path === '/' ? {} : { returnTo: here })
}

function Redirect({ to }: { to: string }): null {
  useEffect(() => navigate(to, { replace: true }), [to])
  return null
}

function Unreachable(): JSX.Element {
  return (
    <main class="plain-page">
      <Empty
        icon="warning"
        title={t('shell.unreachable.title')}
        action={
          <button type="button" class="button primary" onClick={() => void loadSession()}>
            {t('error.retry')}
          </button>
        }
      >
        {t('shell.unreachable.text')}
      </Empty>
    </main>
  )
}
