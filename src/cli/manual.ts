import type { Command, Help } from 'commander'
import { type HelpParts, readHelpParts } from './help-parts.ts'
import { bold, definition, paragraph, roffTerm, roffText, section, verbatim } from './roff.ts'

/** All manual pages: `causeway.1` and one for each command, by the name of the file. */
export function listManualPages(program: Command): Map<string, string> {
  const pages = [program, ...program.commands.filter((one) => one.name() !== 'help')]
  return new Map(pages.map((command) => [`${pageName(command)}.1`, toManualPage(command)]))
}

/**
 * The manual page of a command with all of its sub-commands, in the macros of man(7), made of its help. What a
 * command does not tell about exit codes and environment is that of the whole program.
 */
export function toManualPage(command: Command): string {
  const help = command.createHelp()
  const root = rootOf(command)
  const parts = readHelpParts(command)
  const common = command === root ? parts : readHelpParts(root)
  const below = command === root ? [] : leavesOf(command)
  const all = [command, ...below.filter((one) => one !== command)]
  const lines = [
    '.\\" Made by "npm run man" from the help; changes belong into the help.',
    `.TH ${roffText(pageName(command).toUpperCase())} 1 "" "causeway ${roffText(root.version() ?? '')}" "Causeway"`,
    // Names that are typed are never broken in two.
    '.nh',
    '.ad l',
    ...section('NAME', [
      `${roffText(pageName(command))} \\- ${roffText(help.subcommandDescription(command))}`,
    ]),
    ...section('SYNOPSIS', synopsis(command, below, help)),
    ...section('DESCRIPTION', description(command, parts)),
    ...section('COMMANDS', command === root ? directory(root, help) : commands(command, below, help)),
    ...section('ARGUMENTS', argumentsOf(command, help)),
    ...section('OPTIONS', options(command, root, help)),
    ...section('EXAMPLES', examples(all)),
    ...section('EXIT STATUS', exitStatus(parts.exitCodes.length > 0 ? parts : common)),
    ...section('ENVIRONMENT', environment([...new Set([...parts.environment, ...common.environment])])),
    ...section('SEE ALSO', [seeAlso(command, root)]),
  ]
  return `${lines.join('\n')}\n`
}

function pageName(command: Command): string {
  return command.parent === null ? command.name() : `${command.parent.name()}-${command.name()}`
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent)
}

/** The commands below that do something, in their order; the command itself where it has none. */
function leavesOf(command: Command): Command[] {
  return command.commands.length === 0
    ? [command]
    : command.commands.flatMap((one) => (one.name() === 'help' ? [] : leavesOf(one)))
}

function synopsis(command: Command, below: Command[], help: Help): string[] {
  // Without an argument of its own, a group does nothing but list its members.
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0
  const usages = below.length === 0 || !isGroup ? [command, ...below] : below
  return verbatim([...new Set(usages)].map((one) => roffTerm(help.commandUsage(one)))).slice(1)
}

function description(command: Command, { notes }: HelpParts): string[] {
  return [roffText(command.description()), ...notes.flatMap(paragraph)]
}

/** On the page of the program: its commands with the pages that tell about them. */
function directory(root: Command, help: Help): string[] {
  return help
    .visibleCommands(root)
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => definition(`${bold(pageName(one))}(1)`, sentence(help.subcommandDescription(one))))
}

function commands(command: Command, below: Command[], help: Help): string[] {
  return below
    .filter((one) => one !== command)
    .flatMap((one) => [
      `.SS ${roffTerm(help.commandUsage(one))}`,
      ...description(one, readHelpParts(one)),
      ...argumentsOf(one, help),
      ...ownOptions(one, help),
    ])
}

function argumentsOf(command: Command, help: Help): string[] {
  return help
    .visibleArguments(command)
    .flatMap((one) => definition(roffTerm(`<${help.argumentTerm(one)}>`), help.argumentDescription(one)))
}

function ownOptions(command: Command, help: Help): string[] {
  return help
    .visibleOptions(command)
    .filter((one) => one.long !== '--help')
    .flatMap((one) => definition(roffTerm(help.optionTerm(one)), help.optionDescription(one)))
}

function options(command: Command, root: Command, help: Help): string[] {
  const common = command === root ? [] : ownOptions(root, help)
  return [
    ...ownOptions(command, help),
    ...common,
    ...definition(roffTerm('-h, --help'), 'display help for command'),
  ]
}

function examples(all: Command[]): string[] {
  const lines = all.flatMap((one) => readHelpParts(one).examples)
  return lines.length === 0 ? [] : verbatim(lines.map(roffText)).slice(1)
}

function exitStatus({ exitCodes }: HelpParts): string[] {
  return exitCodes.flatMap(([code, meaning]) => definition(bold(code), sentence(meaning)))
}

function environment(lines: string[]): string[] {
  return lines.map((line) => roffText(line).replace(/\b[A-Z]+(_[A-Z]+)+\b/g, '\\fB$&\\fR'))
}

function seeAlso(command: Command, root: Command): string {
  const isNear = (one: Command) => command === root || one.helpGroup() === command.helpGroup()
  const near = root.commands.filter((one) => one !== command && one.name() !== 'help' && isNear(one))
  const pages = command === root ? near : [root, ...near]
  return pages.map((one) => `${bold(pageName(one))}(1)`).join(', ')
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
}
