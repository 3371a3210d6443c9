import type { Command } from "commander";

/** What is wrong with a line: a command or an option that there is not. */
export function faultOf(program: Command, line: string): string | undefined {
  const tokens = line.split(/\s+/);
  let command = program;
  for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
    const below = command.commands.find((each) => each.name() === token);
    if (below === undefined) break;
    command = below;
    tokens.shift();
  }
  const isGroup = command.commands.length > 0 && command.name() !== "deploy";
  if (isGroup) return `"${line}": no command ${tokens[0] ?? ""}`;
  const known = [...command.options, ...(command.parent?.options ?? []), ...program.options].map(({ long }) => long);
  const unknown = tokens.filter((token) => token.startsWith("--") && token !== "--help" && !known.includes(token));
  return unknown.length === 0 ? undefined : `"${line}": no option ${unknown.join(" ")}`;
}
