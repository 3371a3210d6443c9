import type { Command, Option } from "commander";

/** What can follow the words of one command. */
export interface Words {
  /** The command's words, without the program's name. */
  readonly path: readonly string[];
  readonly next: readonly { readonly word: string; readonly what: string }[];
}

const visible = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== "help");
const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

/** Every command with the words that can follow it: commands below it and long options. */
export function wordsOf(command: Command, path: readonly string[] = []): Words[] {
  const below = visible(command);
  const next = [
    ...below.map((each) => ({ word: each.name(), what: each.description() })),
    ...optionsOf(command).flatMap(({ long, description }) => (long ? [{ word: long, what: description }] : [])),
  ];
  return [{ path, next }, ...below.flatMap((each) => wordsOf(each, [...path, each.name()]))];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The words before the cursor that are commands: options are left out. */
export function bashCompletion(words: readonly Words[]): string {
  const cases = words.map(
    ({ path, next }) => `    ${quoted(path.join(" "))}) words=${quoted(next.map(({ word }) => word).join(" "))} ;;`,
  );
  return `_touchstone() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _touchstone touchstone
`;
}

export function zshCompletion(words: readonly Words[]): string {
  const cases = words.map(({ path, next }) => {
    const entries = next.map(({ word, what }) => quoted(`${word.replaceAll(":", "\\:")}:${what.replaceAll(":", " ")}`));
    return `    ${quoted(path.join(" "))}) entries=(${entries.join(" ")}) ;;`;
  });
  return `#compdef touchstone
_touchstone() {
  local path="" word
  local -a entries
  for word in "\${words[@]:1:CURRENT-2}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  (( \${#entries} )) && _describe touchstone entries || _files
}
compdef _touchstone touchstone
`;
}

export function fishCompletion(words: readonly Words[]): string {
  const lines = words.flatMap(({ path, next }) =>
    next.map(({ word, what }) => {
      const flag = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c touchstone -n ${quoted(`__touchstone_at ${path.join(" ")}`.trimEnd())} ${flag} -d ${quoted(what)}`;
    }),
  );
  return `function __touchstone_at
  set -l words (string match -v -- '-*' (commandline -opc)[2..])
  test "$words" = "$argv"
end
complete -c touchstone -f
${lines.join("\n")}
`;
}

const inCell = (text: string): string => text.replaceAll("|", "\\|");

function section(command: Command, path: readonly string[]): string[] {
  const help = command.createHelp();
  const { options, args } = { options: optionsOf(command), args: help.visibleArguments(command) };
  const lines = [`## ${path.join(" ")}`, "", command.description(), ""];
  const below = visible(command);
  if (below.length === 0 || args.length > 0 || options.length > 1)
    lines.push("```text", help.commandUsage(command), "```", "");
  const rows = [
    ...args.map((argument) => [`<${argument.name()}>`, help.argumentDescription(argument)]),
    ...options.filter(({ long }) => long !== "--help").map((option) => [option.flags, help.optionDescription(option)]),
  ];
  if (rows.length > 0)
    lines.push("| | |", "| --- | --- |", ...rows.map(([a = "", b = ""]) => `| \`${inCell(a)}\` | ${inCell(b)} |`), "");
  return [...lines, ...below.flatMap((each) => section(each, [...path, each.name()]))];
}

/** All commands with their arguments and options, as a page. */
export function reference(program: Command): string {
  const head = [
    "# Commands",
    "",
    "Every command takes `--json` (one JSON object a line) and `--help` (with examples). Exit codes: 0 done, 1 the work failed, 2 the request",
    "made no sense, 70 a fault of the program. Errors name a stable code and the next step; with `--json` they are",
    '`{"error":{"code","message","next"}}` on standard output, and amounts are in units of 10^-18.',
    "",
    "`<tokens>`, `<coins>`, `<amount>`: with at most 18 decimals, such as 0.25. `<time>`: seconds, or a number with a unit: 15m, 24h, 7d.",
    "",
    "Made by `npx touchstone reference`; a test compares.",
    "",
  ];
  return `${[...head, ...visible(program).flatMap((each) => section(each, ["touchstone", each.name()]))].join("\n").trimEnd()}\n`;
}
