import { isError } from "ethers";

import { explainRevert } from "../chain/errors.js";
import { refusalOfNode } from "../chain/refusals.js";
import { suiteAbi } from "../chain/suite.js";
import { messageOf, TouchstoneError } from "../errors.js";

/** What the system says of files: those that Node names a path with. */
function ofFile(thrown: unknown): TouchstoneError | undefined {
  if (!(thrown instanceof Error) || !("syscall" in thrown) || !("path" in thrown)) return undefined;
  return new TouchstoneError("FILE_UNUSABLE", `${String(thrown.path)} can't be used: ${thrown.message}`, {
    next: "Check the path, that it is a file or a folder as it has to be, who may use it, and the space left.",
    cause: thrown,
  });
}

/** What ethers says of numbers that no contract takes. */
function ofNumber(thrown: unknown): TouchstoneError | undefined {
  if (!isError(thrown, "INVALID_ARGUMENT") || typeof thrown.value === "object") return undefined;
  return new TouchstoneError(
    "VALUE_OUT_OF_RANGE",
    `The contracts take no ${thrown.argument} of ${String(thrown.value)}.`,
    {
      next: "Give another value; amounts count in units of 10^-18 here.",
      cause: thrown,
    },
  );
}

function ofNode(thrown: unknown): TouchstoneError | undefined {
  if (!(thrown instanceof Error) || refusalOfNode(thrown) !== "unheard") return undefined;
  return new TouchstoneError("RPC_FAILED", `The node did not answer: ${messageOf(thrown)}`, {
    next: "Check the RPC endpoint with `touchstone doctor`.",
    retryable: true,
    cause: thrown,
  });
}

/**
 * What a command threw, by a code where it is known what happened: a contract that refused to be read, a file that can't be used, a node
 * that went away, a number that no contract takes. Anything else is a fault of the program and stays as it is.
 */
export function known(thrown: unknown): unknown {
  if (thrown instanceof TouchstoneError) return thrown;
  return explainRevert(suiteAbi(), thrown) ?? ofFile(thrown) ?? ofNumber(thrown) ?? ofNode(thrown) ?? thrown;
}
