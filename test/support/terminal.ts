import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Child, Children } from "../../src/sim/driver/children.js";

/** A result of `touchstone --json`, or its error. */
export type Printed = Readonly<Record<string, unknown>> & { readonly error?: { readonly code: string } };

export interface Terminal {
  /** Every command that was given, by its first words: "operator stake". */
  readonly given: ReadonlySet<string>;
  /** Runs a command with the key of a name, as its user would type it, and returns the last line that it prints. */
  run(as: string, ...args: readonly string[]): Promise<Printed>;
  /** Starts a command that goes on until it is killed. */
  start(as: string, onLine: (line: Printed) => void, ...args: readonly string[]): Child;
}

/** Commands with a second word. */
const words = ([first = "", second = ""]: readonly string[]): string =>
  /^[a-z][a-z-]*$/.test(second) ? `${first} ${second}` : first;

/**
 * A user's terminal: the real command, one folder, one node.
 * @param keys throw-away keys by name; other names use the keystore that `touchstone key new` made for them
 */
export function openTerminal(
  children: Children,
  { home, rpcUrl, keys }: { home: string; rpcUrl: string; keys: ReadonlyMap<string, string> },
): Terminal {
  const given = new Set<string>();
  const password = join(home, "password");
  if (!existsSync(password)) writeFileSync(password, "a password for tests\n", { mode: 0o600 });
  let count = 0;

  function start(as: string, onLine: (line: Printed) => void, ...args: readonly string[]): Child {
    given.add(words(args));
    const keystore = join(home, "keys", `${as}.json`);
    return children.start({
      name: `${++count} ${as} ${words(args)}`,
      args: ["bin/touchstone.mjs", "--json", ...args],
      settings: {
        ...{ TOUCHSTONE_HOME: home, TOUCHSTONE_RPC_URL: rpcUrl, TOUCHSTONE_KEYSTORE_PASSWORD_FILE: password },
        ...(existsSync(keystore) ? { TOUCHSTONE_KEYSTORE: keystore } : {}),
        ...(keys.has(as) ? { TOUCHSTONE_PRIVATE_KEY: keys.get(as) ?? "" } : {}),
      },
      onLine: (line) => {
        if (line.startsWith("{")) onLine(JSON.parse(line) as Printed);
      },
    });
  }

  return {
    given,
    start,
    run: async (as, ...args) => {
      let last: Printed = {};
      await start(as, (line) => (last = line), ...args).ended;
      return last;
    },
  };
}
