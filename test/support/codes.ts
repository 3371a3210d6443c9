import { TouchstoneError } from "../../src/errors.js";

/** Code of the TouchstoneError that `run` throws; undefined if it throws nothing, and other errors pass through. */
export function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof TouchstoneError) return error.code;
    throw error;
  }
  return undefined;
}
