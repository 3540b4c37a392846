import type { JSX } from 'preact'
import { joinPath, segmentsOf } from '../../dav/paths.ts'
import { t } from '../../i18n/t.ts'
import { fileHref, navigate } from '../../router.ts'
import { Chip, Name } from '../../ui/bits.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu } from '../../ui/menu.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { topOf } from './actions.ts'
import { dropTarget } from './drag.ts'
import { dropFiles } from './drop.ts'
import type { FilesModel } from './files-model.ts'

const SHOWN = 3

/** The folders above, each a place to go or to drop files; the ones in the middle fold into a menu. */
export function Breadcrumb({ model }: { model: FilesModel }): JSX.Element {
  const { path, search } = model.query
  const names = search === '' ? segmentsOf(path) : []
  const places = names.map((name, index) => ({ name, path: joinPath('/', ...names.slice(0, index + 1)) }))
  const folded = places.length > SHOWN ? places.slice(0, -SHOWN + 1) : []
  const last = places.at(-1)
  return (
    <nav class="breadcrumb" aria-label={t('files.breadcrumb')}>
      <ol>
        <li>
          {last === undefined && search === '' ? (
            <h1>{t('files.title')}</h1>
          ) : (
            <Crumb model={model} path="/" name={t('files.title')} />
          )}
        </li>
        {search !== '' && (
          <li>
            <Icon name="right" />
            <h1>{t('files.found', { text: search })}</h1>
          </li>
        )}
        {folded.length > 0 && (
          <li>
            <Icon name="right" />
            <Menu
              label={t('files.folded')}
              items={folded.map((one) => ({
                label: one.name,
                icon: 'folder' as const,
                run: () => navigate(fileHref(one.path)),
              }))}
            />
          </li>
        )}
        {places.slice(folded.length).map((one) => (
          <li key={one.path} class={one === last ? 'last' : ''}>
            <Icon name="right" />
            {one === last ? (
              <h1 class="truncate" title={one.name}>
                <Name>{one.name}</Name>
              </h1>
            ) : (
              <Crumb model={model} path={one.path} name={one.name} />
            )}
          </li>
        ))}
      </ol>
      {names.length > 0 && <Owner key={names[0]} path={path} />}
    </nav>
  )
}

function Crumb({ model, path, name }: { model: FilesModel; path: string; name: string }): JSX.Element {
  return (
    <a
      class="truncate"
      href={fileHref(path)}
      title={name}
      {...dropTarget((event) => void dropFiles(event, model, path))}
    >
      <Name>{name}</Name>
    </a>
  )
}

/** From whom the folder comes in which one is, when it is not one's own. */
function Owner({ path }: { path: string }): JSX.Element | null {
  const { data } = useLoad(() => topOf(path), [path])
  const received = data?.received
  if (received === undefined) return null
  const name = received.owner?.displayName || received.owner?.address
  return (
    <Chip icon="inbox">{name === undefined ? t('files.mark.received') : t('files.mark.from', { name })}</Chip>
  )
}
