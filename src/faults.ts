import type { z } from "zod";

/** Faults of one text that are told; the rest is counted. */
const TOLD = 8;

/** What a schema finds wrong, in one line: where, and what was expected; never what was found there, which may be secret. */
export function faultsOf({ issues }: z.ZodError): string {
  const told = issues.slice(0, TOLD).map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  return [...told, ...(issues.length > TOLD ? [`and ${issues.length - TOLD} more`] : [])].join("; ");
}
