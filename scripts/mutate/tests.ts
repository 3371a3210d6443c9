import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";

import { importsOf } from "../checks/solidityEdges.js";
import { FOLDERS } from "./mutants.js";

/** Finds the sources that a source goes into, itself first: those that import it, directly or through others. */
export function createUsers(): (file: string) => string[] {
  const files = globSync("contracts/**/*.sol").map((file) => file.replaceAll("\\", "/"));
  const importers = new Map<string, string[]>();
  for (const from of files) {
    for (const path of importsOf(readFileSync(from, "utf8"))) {
      const to = posix.join(posix.dirname(from), path);
      importers.set(to, [...(importers.get(to) ?? []), from]);
    }
  }
  return (file) => {
    const users = new Set([file]);
    for (const each of users) for (const user of importers.get(each) ?? []) users.add(user);
    return [...users];
  };
}

/** Tests of all contracts together: constructors, events, who may call what and when, attacks. */
const OF_ALL = ["test/contracts/*.test.ts", "test/matrices/entryPoints.test.ts", "test/attacks/**/*.test.ts"];

/** The test files that judge a source: those of its own folder, for a library also those of the folders that use it, and those of all. */
export function createSelection(usersOf: (file: string) => string[]): (file: string) => string[] {
  return (file) => {
    const folders = new Set((folderOf(file) === "libraries" ? usersOf(file) : [file]).map(folderOf));
    const judges = FOLDERS.filter((folder) => folders.has(folder));
    return [...judges.map((folder) => `test/contracts/${folder}/**/*.test.ts`), ...OF_ALL].flatMap((of) =>
      globSync(of).sort(),
    );
  };
}

const folderOf = (file: string): string => file.split("/")[1]!;
