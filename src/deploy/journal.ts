import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is used here of a line of Ignition's journal. */
interface Message {
  readonly type: string;
  readonly futureId?: string;
  readonly networkInteractionId?: number;
  readonly nonce?: number;
  readonly hash?: string;
  readonly receipt?: { readonly blockNumber: number };
}

/** All lines of a journal, in order; none where nothing was begun. */
export function readJournal(folder: string): Message[] {
  const path = join(folder, "journal.jsonl");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Message);
}

/** The block of the first transaction: there are no events before it. */
export const firstBlockOf = (folder: string): number =>
  Math.min(...readJournal(folder).flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt.blockNumber])));
