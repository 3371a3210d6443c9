import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect } from "chai";

/** What a snapshot may hold. `bigint` is written as decimal text. */
export type Snapshot =
  string | number | bigint | boolean | null | readonly Snapshot[] | { readonly [key: string]: Snapshot };

export interface SnapshotOptions {
  /** Folder of the committed files. */
  readonly folder?: string;
  /** Write instead of compare; by default when `UPDATE_SNAPSHOTS=1` is set, and never in CI. */
  readonly update?: boolean;
}

/**
 * Compares a value with the committed `snapshots/<name>.json`, or writes that file when asked to. Keys are sorted, so that
 * the order in which a test measures does not matter.
 * @param name file name without its ending; `/` makes folders
 */
export function expectSnapshot(name: string, value: Snapshot, options: SnapshotOptions = {}): void {
  const { folder = "snapshots", update = process.env["UPDATE_SNAPSHOTS"] === "1" && !process.env["CI"] } = options;
  const file = join(folder, `${name}.json`);
  const actual = normalise(value);
  if (update) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
    return;
  }
  const advice = `If the change is meant, run this test with UPDATE_SNAPSHOTS=1 and commit ${file}`;
  expect(existsSync(file), `${file} does not exist. ${advice}`).to.equal(true);
  expect(actual, `${file} differs. ${advice}`).to.deep.equal(JSON.parse(readFileSync(file, "utf8")));
}

/** The value as JSON holds it, with sorted keys. */
function normalise(value: Snapshot): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(normalise);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, normalise(item)]));
}

/** `Array.isArray` does not narrow a readonly array. */
function isList(value: object): value is readonly Snapshot[] {
  return Array.isArray(value);
}
