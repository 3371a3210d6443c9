import type { Interface } from "ethers";

import { TouchstoneError } from "../errors.js";
import { DISPUTES } from "./sentences/disputes.js";
import { MONEY } from "./sentences/money.js";
import { RULES } from "./sentences/rules.js";
import { fill, type Sentences } from "./sentences/sentence.js";
import { WORK } from "./sentences/work.js";

/** What every error of every contract means, and what to do about it. */
export const SENTENCES: Sentences = { ...MONEY, ...WORK, ...DISPUTES, ...RULES };

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
      next: "Check that TOUCHSTONE_DEPLOYMENT is of this version: `touchstone deploy check`.",
      cause: thrown,
    });
  }
  const { name, fragment, args } = parsed;
  const said = SENTENCES[name];
  if (said !== undefined) {
    return new TouchstoneError(name, fill(said[0], fragment, args), { next: said[1], cause: thrown });
  }
  // `Error(string)` and `Panic(uint256)`, which contracts outside the suite may answer with.
  const values = fragment.inputs.map((input, i) => `${input.name}=${String(args[i])}`);
  return new TouchstoneError(name, `The contract refused: ${name}(${values.join(", ")})`, {
    next: "Check the addresses that the call names.",
    cause: thrown,
  });
}
