import type { Interface } from "ethers";

import { TouchstoneError } from "../errors.js";

/** What to do about a contract error, where its name does not already say it. Keyed by error name. */
const NEXT_STEP: Readonly<Record<string, string>> = {};

function revertData(thrown: unknown, depth = 0): string | undefined {
  if (typeof thrown !== "object" || thrown === null || depth > 6) return undefined;
  if ("data" in thrown) {
    const { data } = thrown;
    if (typeof data === "string" && /^0x[0-9a-fA-F]{8,}$/.test(data)) return data;
    const inner = revertData(data, depth + 1);
    if (inner !== undefined) return inner;
  }
  for (const key of ["info", "error", "cause"] as const) {
    if (key in thrown) {
      const inner = revertData((thrown as Record<string, unknown>)[key], depth + 1);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

/** Turns a refused call into an error whose code is the contract's error name; undefined if it was no such refusal. */
export function explainRevert(errors: Interface, thrown: unknown): TouchstoneError | undefined {
  const data = revertData(thrown);
  if (data === undefined) return undefined;
  const parsed = errors.parseError(data);
  if (parsed === null) {
    return new TouchstoneError("CONTRACT_REFUSED", `The contract refused with unknown data ${data.slice(0, 74)}.`, {
      cause: thrown,
    });
  }
  const args = parsed.fragment.inputs.map((input, i) => `${input.name}=${String(parsed.args[i])}`);
  const next = NEXT_STEP[parsed.name];
  return new TouchstoneError(parsed.name, `The contract refused: ${parsed.name}(${args.join(", ")})`, {
    ...(next === undefined ? {} : { next }),
    cause: thrown,
  });
}
