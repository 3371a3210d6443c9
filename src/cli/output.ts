import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { messageOf, TouchstoneError } from "../errors.js";

export function unwritable(path: string, cause: unknown): TouchstoneError {
  return new TouchstoneError("FILE_UNWRITABLE", `Cannot write ${path}: ${messageOf(cause)}`, {
    next: "Name a file in a folder that is there and that you may write to.",
    cause,
  });
}

/**
 * Asks before long work whether its result can be kept; writes nothing.
 * @throws TouchstoneError `FILE_UNWRITABLE`
 */
export function requireWritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
    if (!existsSync(path)) return;
    if (!statSync(path).isFile()) throw new TouchstoneError("FILE_UNWRITABLE", "it is no file");
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}
