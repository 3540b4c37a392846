import type { Command } from 'commander'

/** What may follow each command: its sub-commands and its options. */
export function listWords(command: Command, path: readonly string[] = []): Map<string, string[]> {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.filter((option) => !option.hidden).map((option) => option.long ?? option.short ?? ''),
    ...(path.length === 0 ? [] : ['--json', '--profile']),
    '--help',
  ]
  const below = command.commands.flatMap((child) => [...listWords(child, [...path, child.name()])])
  return new Map([[path.join(' '), [...new Set(words)]], ...below])
}

/** A script for bash (zsh reads it too, after `bashcompinit`): commands, options, and files of this disk. */
export function toCompletionScript(program: Command): string {
  const cases = [...listWords(program)].map(([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`)
  return `# causeway completion; load it with: eval "$(causeway completion)"
_causeway() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    _causeway_words "$path\${path:+ }$word" && path="$path\${path:+ }$word"
  done
  _causeway_words "$path"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ "$current" == -* ]] || COMPREPLY+=($(compgen -f -- "$current"))
}
_causeway_words() {
  case "$1" in
${cases.join('\n')}
    *) return 1 ;;
  esac
}
complete -o filenames -F _causeway causeway
`
}
