import { escapeAttribute, escapeText } from '../../platform/xml.ts'

/** A mail before it is written: the same words as plain text and as HTML. */
export interface MailParts {
  greeting?: string
  /** Each a paragraph; lines in it stay lines. Plain text. */
  paragraphs: string[]
  /** What can be done, the most important first; `url` begins with our own address. */
  links: { label: string; url: string }[]
  /** Small print under a line. */
  footer: string[]
  footerLinks: { label: string; url: string }[]
}

const STYLE = {
  body: 'font:16px/1.5 sans-serif;color:#1b1f24;max-width:36rem;margin:0 auto;padding:1rem',
  button:
    'display:inline-block;padding:.5rem 1rem;margin:0 .5rem .5rem 0;border:1px solid #1f5fae;border-radius:4px;color:#1f5fae;text-decoration:none',
  small: 'font-size:13px;color:#57606a;border-top:1px solid #d0d7de;margin-top:2rem;padding-top:1rem',
}

/** For readers of plain text. */
export function toText({ greeting, paragraphs, links, footer, footerLinks }: MailParts): string {
  const lines = [
    ...(greeting === undefined ? [] : [greeting, '']),
    ...paragraphs.flatMap((paragraph) => [paragraph, '']),
    ...links.flatMap(({ label, url }) => [`${label}:`, url, '']),
    '-- ',
    ...footer,
    ...footerLinks.map(({ label, url }) => `${label}: ${url}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Simple markup: no image, no script, nothing that is fetched; every text escaped. */
export function toHtml(title: string, parts: MailParts): string {
  const { greeting, paragraphs, links, footer, footerLinks } = parts
  const blocks = [...(greeting === undefined ? [] : [greeting]), ...paragraphs]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}</title></head>
<body style="${STYLE.body}">
${blocks.map((text) => `<p>${withBreaks(text)}</p>`).join('\n')}
<p>${links.map(({ label, url }) => `<a style="${STYLE.button}" href="${escapeAttribute(url)}">${escapeText(label)}</a>`).join('\n')}</p>
<div style="${STYLE.small}">
${footer.map((text) => `<p>${withBreaks(text)}</p>`).join('\n')}
<p>${footerLinks.map(({ label, url }) => `<a href="${escapeAttribute(url)}">${escapeText(label)}</a>`).join(' · ')}</p>
</div></body></html>
`
}

function withBreaks(text: string): string {
  return text.split('\n').map(escapeText).join('<br>\n')
}
