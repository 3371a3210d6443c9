import { decodeBytes32String, type ErrorFragment, type Result } from "ethers";

/** By an error's name: what happened, with its arguments in braces, and what to do now. */
export type Sentences = Readonly<Record<string, readonly [what: string, next: string]>>;

/** Arguments as people read them: times as dates, short texts as text, numbers with separators. */
function shown(type: string, name: string, value: unknown): string {
  if (type === "uint48" && !name.endsWith("Block")) return new Date(Number(value) * 1_000).toISOString();
  if (type === "bytes32" && /^0x([2-7][0-9a-f])+(00)+$/.test(String(value))) return decodeBytes32String(String(value));
  if (typeof value === "bigint") return value.toLocaleString("en");
  return String(value);
}

/** Puts an error's arguments into a sentence. */
export function fill(sentence: string, { inputs }: ErrorFragment, args: Result): string {
  return sentence.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const at = inputs.findIndex((input) => input.name === name);
    return at < 0 ? whole : shown(inputs[at]?.type ?? "", name, args[at]);
  });
}
