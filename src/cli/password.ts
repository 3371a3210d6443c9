import { createInterface } from "node:readline";

import { passwordOf } from "../chain/keys.js";
import type { KeySource } from "../config/settings.js";
import { TouchstoneError } from "../errors.js";

/** Asks for a line on the terminal without showing it. */
function ask(question: string): Promise<string> {
  return new Promise((resolve) => {
    process.stderr.write(question);
    const input = createInterface({ input: process.stdin, terminal: true, output: undefined });
    process.stdin.setRawMode(true);
    input.once("line", (line) => {
      process.stdin.setRawMode(false);
      input.close();
      process.stderr.write("\n");
      resolve(line);
    });
  });
}

/**
 * The password for a keystore that is made now: from where it will be read later, else asked for twice. Never from the command
 * line, where other users of the machine could see it.
 */
export async function newPassword(source: KeySource): Promise<string> {
  if (source.password !== undefined || source.passwordFile !== undefined) return passwordOf(source);
  if (!process.stdin.isTTY) return passwordOf(source);
  const first = await ask("password: ");
  if (first !== (await ask("again: "))) {
    throw new TouchstoneError("KEY_PASSWORD_DIFFERS", "The two passwords differ.", { next: "Try again." });
  }
  return first;
}
