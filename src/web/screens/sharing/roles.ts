import type { Role } from './states.ts'
import { roleWord } from './states.ts'

/** The roles that there are for this kind of entry; only links of folders may be for uploads alone. */
export function rolesFor(kind: 'file' | 'folder', isLink: boolean): { value: Role; label: string }[] {
  const roles: Role[] = kind === 'folder' && isLink ? ['viewer', 'editor', 'uploader'] : ['viewer', 'editor']
  return roles.map((value) => ({ value, label: roleWord(value) }))
}
