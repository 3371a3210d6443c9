import { type Command, InvalidArgumentError } from "commander";

import { createIo } from "../io.js";
import { bashCompletion, fishCompletion, reference, wordsOf, zshCompletion } from "../tree.js";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** What is made from the commands themselves: completion for shells, and the page that lists them. */
export function completionCommands(program: Command): void {
  program
    .command("completion")
    .argument("<shell>", Object.keys(SHELLS).join(", "), (text) => {
      if (!Object.hasOwn(SHELLS, text)) throw new InvalidArgumentError(`One of ${Object.keys(SHELLS).join(", ")}.`);
      return text as keyof typeof SHELLS;
    })
    .description("print a completion script for a shell")
    .addHelpText(
      "after",
      "\nExamples:\n  source <(npx touchstone completion bash)\n  npx touchstone completion fish > ~/.config/fish/completions/touchstone.fish",
    )
    .action((shell: keyof typeof SHELLS) => {
      const { json = false } = program.opts<{ json?: boolean }>();
      createIo(json).result({ shell, script: SHELLS[shell](wordsOf(program)) }, ({ script }) => script.trimEnd());
    });

  program
    .command("reference", { hidden: true })
    .description("print docs/cli.md")
    .action(() => {
      process.stdout.write(reference(program));
    });
}
