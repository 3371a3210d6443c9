import { isError, type Interface } from "ethers";

import { messageOf, TouchstoneError } from "../errors.js";
import { explainRevert } from "./errors.js";

/**
 * What a node's refusal of a transaction means. `unheard`: nobody knows whether it was taken, because the connection failed.
 * `known`: it was taken before. `raced`: its nonce is used already. `cheap`: it offers too little, for itself or to replace another one
 * with the same nonce. `refused`: it will not be taken.
 */
export type Refusal = "unheard" | "known" | "raced" | "cheap" | "refused";

const TRANSPORT = ["TIMEOUT", "SERVER_ERROR", "NETWORK_ERROR", "CANCELLED"] as const;
const TRANSPORT_TEXT =
  /ECONN|EPIPE|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|socket hang up|fetch failed|rate limit|too many requests/i;

export function refusalOfNode(thrown: unknown): Refusal {
  const text = textOf(thrown);
  if (/already known|already imported|known transaction|ALREADY_EXISTS/i.test(text)) return "known";
  if (isError(thrown, "NONCE_EXPIRED") || /nonce too low|nonce has already been used/i.test(text)) return "raced";
  if (
    isError(thrown, "REPLACEMENT_UNDERPRICED") ||
    /underpriced|fee too low|less than block base fee|is too low/i.test(text)
  ) {
    return "cheap";
  }
  if (thrown instanceof TouchstoneError) return thrown.retryable ? "unheard" : "refused";
  if (TRANSPORT.some((code) => isError(thrown, code)) || TRANSPORT_TEXT.test(text)) return "unheard";
  return "refused";
}

/** The message, and those of the node below it, which ethers keeps in fields of its own. */
function textOf(thrown: unknown): string {
  const { error, info } = thrown as { error?: { message?: unknown }; info?: { error?: { message?: unknown } } };
  return [messageOf(thrown), error?.message, info?.error?.message].filter((part) => typeof part === "string").join(" ");
}

/** The error to tell the caller. */
export function explainRefusal(errors: Interface, address: string, thrown: unknown): TouchstoneError {
  if (thrown instanceof TouchstoneError) return thrown;
  const revert = explainRevert(errors, thrown);
  if (revert) return revert;
  if (isError(thrown, "INSUFFICIENT_FUNDS")) {
    return new TouchstoneError("INSUFFICIENT_FUNDS", `${address} cannot pay for the transaction.`, {
      next: "Send native coin to this address.",
      cause: thrown,
    });
  }
  return new TouchstoneError("RPC_FAILED", `The node did not take the transaction: ${messageOf(thrown)}`, {
    next: "Check the RPC endpoint with `touchstone doctor`.",
    retryable: true,
    cause: thrown,
  });
}
