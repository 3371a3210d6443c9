import type { Command } from "commander";

/** A line that somebody types, without `npx touchstone`. */
export interface Typed {
  readonly command: Command;
  /** Its words: operator, stake. */
  readonly path: readonly string[];
  readonly rest: readonly string[];
  readonly options: readonly string[];
}

export function parseTyped(program: Command, line: string): Typed {
  const rest = line.split(/\s+/);
  const path: string[] = [];
  let command = program;
  for (let token = rest[0]; token !== undefined; token = rest[0]) {
    const below = command.commands.find((each) => each.name() === token);
    if (below === undefined) break;
    command = below;
    path.push(token);
    rest.shift();
  }
  return { command, path, rest, options: rest.filter((token) => token.startsWith("--") && token !== "--help") };
}

/** What is wrong with a line: a command or an option that there is not. */
export function faultOf(program: Command, line: string): string | undefined {
  const { command, rest, options } = parseTyped(program, line);
  const isGroup = command.commands.length > 0 && command.name() !== "deploy";
  if (isGroup) return `"${line}": no command ${rest[0] ?? ""}`;
  const known = [...command.options, ...(command.parent?.options ?? []), ...program.options].map(({ long }) => long);
  const unknown = options.filter((option) => !known.includes(option));
  return unknown.length === 0 ? undefined : `"${line}": no option ${unknown.join(" ")}`;
}
