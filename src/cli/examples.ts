import type { Command } from 'commander'

const ID = '4f1c2d3e'

/** One line to begin with for every command that does something. */
const EXAMPLES: Record<string, string> = {
  init: 'init ./node --public-url https://drive.example.org --admin ann',
  serve: 'serve ./node --port 8400',
  'user add': 'user add ./node jan --display-name "Jan Nowak"',
  'trust add': 'trust add ./node drive.example.org',
  'trust remove': 'trust remove ./node drive.example.org',
  'trust deny': 'trust deny ./node bad.example.org',
  'trust undeny': 'trust undeny ./node bad.example.org',
  'trust list': 'trust list ./node',
  'peer keys': 'peer keys ./node',
  'peer accept-key': 'peer accept-key ./node drive.example.org',
  'peer forget': 'peer forget ./node drive.example.org',
  'keys list': 'keys list ./node',
  'keys stage': 'keys stage ./node',
  'keys activate': 'keys activate ./node',
  'keys retire': 'keys retire ./node drive.example.org#V1StGXR8',
  'config show': 'config show ./node',
  'migrate status': 'migrate status ./node',
  'index rebuild': 'index rebuild ./node',
  'index check': 'index check ./node --content',
  doctor: 'doctor peer drive.example.org ./node',
  bench: 'bench get put',
  login: 'login https://drive.example.org --user ann',
  logout: 'logout --profile work',
  whoami: 'whoami --json',
  'app-password list': 'app-password list',
  'app-password create': 'app-password create "my laptop"',
  'app-password revoke': `app-password revoke ${ID}`,
  ls: 'ls -l drive:/data',
  mkdir: 'mkdir -p drive:/data/2026/run-1',
  rm: 'rm -r drive:/data/old',
  cat: 'cat drive:/data/readme.txt',
  'trash list': 'trash list',
  'trash restore': 'trash restore report.txt.d1795228865',
  'trash rm': 'trash rm report.txt.d1795228865',
  'trash empty': 'trash empty',
  'versions list': 'versions list drive:/data/report.txt',
  'versions restore': 'versions restore drive:/data/report.txt 1795228865',
  'invite create': 'invite create --description "Jan in Krakow"',
  'invite list': 'invite list',
  'invite revoke': `invite revoke ${ID}`,
  'invite accept': 'invite accept dG9rZW5AbGVpZGVuLmV4YW1wbGUub3Jn',
  'contacts list': 'contacts list',
  'contacts remove': `contacts remove ${ID}`,
  'share create': 'share create drive:/data jan@krakow.example.org --role editor',
  'share list': 'share list --path drive:/data',
  'share revoke': `share revoke ${ID}`,
  'share pending': 'share pending',
  'share received': 'share received --state accepted',
  'share accept': `share accept ${ID} --name "data of Ann"`,
  'share decline': `share decline ${ID}`,
  'share leave': `share leave ${ID}`,
  'transfer submit': `transfer submit share:${ID} drive:/copies/data --wait`,
  'transfer list': 'transfer list --state ACTIVE',
  'transfer show': `transfer show ${ID}`,
  'transfer files': `transfer files ${ID} --state ERROR`,
  'transfer watch': `transfer watch ${ID}`,
  'transfer wait': `transfer wait ${ID} --timeout 600`,
  'transfer cancel': `transfer cancel ${ID}`,
  'transfer retry': `transfer retry ${ID}`,
}

/** Ends the help of every command with its example. */
export function addExamples(command: Command, path: readonly string[] = []): void {
  for (const child of command.commands) addExamples(child, [...path, child.name()])
  const example = EXAMPLES[path.join(' ')]
  if (example !== undefined) command.addHelpText('after', `\nExample:\n  causeway ${example}`)
}
