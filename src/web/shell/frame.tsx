import { signal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { formatBytes } from '../format.ts'
import { t } from '../i18n/t.ts'
import { openLive } from '../live.ts'
import { hrefOf, place } from '../router.ts'
import { me, signOut, siteName } from '../session.ts'
import { IconButton } from '../ui/button.tsx'
import { Menu } from '../ui/menu.tsx'
import { followCounts } from './counts.ts'
import { Navigation } from './navigation.tsx'

const isNavigationOpen = signal(false)

/** What stands around every screen: the navigation, the site's name, the account. */
export function Frame({ children }: { children: ComponentChildren }): JSX.Element {
  useEffect(() => {
    const stops = [openLive(), followCounts()]
    return () => {
      for (const stop of stops) stop()
    }
  }, [])
  useEffect(() => {
    isNavigationOpen.value = false
  }, [place.value.path])
  const isOpen = isNavigationOpen.value
  return (
    <div class={isOpen ? 'frame navigation-open' : 'frame'}>
      <a class="skip-link" href="#content">
        {t('nav.skip')}
      </a>
      <header class="top-bar">
        <span class="only-narrow">
          <IconButton
            icon={isOpen ? 'close' : 'menu'}
            label={t(isOpen ? 'nav.close' : 'nav.open')}
            expanded={isOpen}
            onClick={() => {
              isNavigationOpen.value = !isOpen
            }}
          />
        </span>
        <a class="site-name" href={hrefOf(['files'])}>
          <img src="./icon.svg" alt="" />
          <span>{siteName.value}</span>
        </a>
        <Account />
      </header>
      <nav class="side" aria-label={t('nav.label')}>
        <Navigation />
        <Usage />
      </nav>
      <main id="content" class="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}

function Account(): JSX.Element | null {
  const user = me.value
  if (user === undefined) return null
  return (
    <div class="account">
      <span class="account-name">{user.displayName || user.name}</span>
      <Menu
        icon="user"
        label={t('shell.account', { name: user.displayName || user.name })}
        items={[
          { label: t('nav.settings'), icon: 'settings', href: hrefOf(['settings']) },
          { label: t('shell.signOut'), icon: 'signOut', run: signOut },
        ]}
      />
    </div>
  )
}

function Usage(): JSX.Element | null {
  const quota = me.value?.quota
  if (quota === undefined) return null
  const used = formatBytes(quota.usedBytes)
  if (quota.availableBytes === undefined) return <p class="usage">{t('shell.usageNoLimit', { used })}</p>
  const totalBytes = quota.usedBytes + quota.availableBytes
  const text = t('shell.usage', { used, total: formatBytes(totalBytes) })
  return (
    <p class="usage">
      <meter
        min={0}
        max={Math.max(1, totalBytes)}
        value={quota.usedBytes}
        high={totalBytes * 0.9}
        aria-label={text}
      />
      {text}
    </p>
  )
}
