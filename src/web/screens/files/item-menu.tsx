import type { JSX } from 'preact'
import type { FileItem } from '../../../client/operations.ts'
import { t } from '../../i18n/t.ts'
import { navigate } from '../../router.ts'
import type { MenuItem } from '../../ui/menu.tsx'
import { PopupMenu } from '../../ui/popup-menu.tsx'
import { deleteItems, downloadItems } from './actions.ts'
import { openDialog, showDetails } from './dialogs.ts'
import type { FilesModel } from './files-model.ts'
import { openHref } from './places.ts'

/** The menu of a row; of all that are chosen when the row is among them. */
export function ItemMenu({ model }: { model: FilesModel }): JSX.Element | null {
  const menu = model.menu.value
  if (menu === undefined) return null
  const { chosen } = model.selection.value
  const items = chosen.size > 1 && chosen.has(menu.item.path) ? [...chosen.values()] : [menu.item]
  return (
    <PopupMenu
      label={
        items.length > 1
          ? t('files.menuOfMany', { n: items.length })
          : t('files.menuOf', { name: menu.item.name })
      }
      items={items.length > 1 ? manyItems(model, items) : oneItems(model, menu.item)}
      x={menu.x}
      y={menu.y}
      onClose={() => {
        model.menu.value = undefined
      }}
    />
  )
}

function oneItems(model: FilesModel, item: FileItem): MenuItem[] {
  const { path, permissions, kind, received } = item
  const open = () => navigate(openHref(item), kind === 'file' ? { keepScroll: true } : {})
  return [
    { label: t('files.action.open'), icon: kind === 'folder' ? 'folder' : 'eye', run: open },
    {
      label: t('files.action.share'),
      icon: 'share',
      disabled: !permissions.share,
      run: () => showDetails(path),
    },
    { label: t('files.action.details'), icon: 'info', run: () => showDetails(path, 'info') },
    ...(kind === 'file'
      ? [
          {
            label: t('files.action.versions'),
            icon: 'history' as const,
            run: () => showDetails(path, 'versions'),
          },
        ]
      : []),
    ...fetchItems([item]),
    { label: t('files.action.send'), icon: 'send', run: () => openDialog({ kind: 'send', item }) },
    {
      label: t('files.action.rename'),
      icon: 'edit',
      disabled: !permissions.move,
      run: () => {
        model.editing.value = path
      },
    },
    ...changeItems([item]),
    {
      label: t(received === undefined ? 'common.delete' : 'files.action.leave'),
      icon: 'trash',
      tone: 'danger',
      disabled: !permissions.delete,
      run: () => deleteItems(model, [item]),
    },
  ]
}

/** What can be done with several at once. */
export function manyItems(model: FilesModel, items: readonly FileItem[]): MenuItem[] {
  return [
    ...fetchItems(items),
    ...changeItems(items),
    {
      label: t('common.delete'),
      icon: 'trash',
      tone: 'danger',
      disabled: items.some(({ permissions }) => !permissions.delete),
      run: () => deleteItems(model, items),
    },
  ]
}

function fetchItems(items: readonly FileItem[]): MenuItem[] {
  const isPlain = items.length === 1 && items[0]?.kind === 'file'
  return [
    {
      label: t(isPlain ? 'files.action.download' : 'files.action.downloadZip'),
      icon: 'download',
      run: () => downloadItems(items),
    },
  ]
}

function changeItems(items: readonly FileItem[]): MenuItem[] {
  const mayMove = items.every(({ permissions, received }) => permissions.move && received === undefined)
  return [
    {
      label: t('files.action.move'),
      icon: 'move',
      disabled: !mayMove,
      run: () => openDialog({ kind: 'pick', purpose: 'move', items }),
    },
    {
      label: t('files.action.copy'),
      icon: 'copy',
      run: () => openDialog({ kind: 'pick', purpose: 'copy', items }),
    },
  ]
}
