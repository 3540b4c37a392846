/**
 * `text` without the run of `character` at its end. A pattern such as `/\/+$/` starts anew at every one of
 * them when something follows, which takes seconds for the text a stranger can send.
 */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === character) end--
  return text.slice(0, end)
}

/** `text` without the runs of `character` at both ends. */
export function trimmedOf(text: string, character: string): string {
  const left = withoutTrailing(text, character)
  let start = 0
  while (start < left.length && left[start] === character) start++
  return left.slice(start)
}
