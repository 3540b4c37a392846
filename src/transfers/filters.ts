import type { FilterRule } from './job-options.ts'
import { matchesPath, type PathPattern, parsePattern } from './path-pattern.ts'

interface Rule {
  isInclude: boolean
  pattern: PathPattern
}

/** The filters of a job: ordered rules, the first that matches decides, and what none matches goes along. */
export class PathFilter {
  private readonly rules: readonly Rule[]

  constructor(rules: readonly FilterRule[] = []) {
    this.rules = rules.map(({ action, pattern }) => ({
      isInclude: action === 'include',
      pattern: parsePattern(pattern),
    }))
  }

  /** Nothing is left out. */
  get isOpen(): boolean {
    return this.rules.length === 0
  }

  /** Whether a file of a folder that is entered goes along; `path` is relative to the source. */
  takesFile(path: readonly string[]): boolean {
    return this.firstFor(path, false)?.isInclude ?? true
  }

  /** Whether a folder is entered; `path` is relative to the source, whose root always is. */
  entersFolder(path: readonly string[]): boolean {
    return path.length === 0 || (this.firstFor(path, true)?.isInclude ?? true)
  }

  private firstFor(path: readonly string[], isFolder: boolean): Rule | undefined {
    return this.rules.find(({ pattern }) => pattern.isForFolders === isFolder && matchesPath(pattern, path))
  }
}
