import type { Command } from "commander";
import { formatEther } from "ethers";

/** What people type, by command; commands whose help says it themselves are not here. */
const EXAMPLES: Readonly<Record<string, string>> = {
  accused: "accused 0xab..cd",
  "challenge execute": "challenge execute 0x12..ef",
  "challenge open": "challenge open 0x12..ef",
  "challenge refute": "challenge refute 0x12..ef",
  "challenge resolve": "challenge resolve 0x12..ef",
  "challenge show": "challenge show 0x12..ef --json",
  "deploy check": "deploy check",
  "deploy retire": "deploy retire",
  "deploy verify": "deploy verify ./verification",
  "evidence export": "evidence export 0x12..ef bundle.json",
  "evidence import": "evidence import bundle.json",
  hub: "hub",
  "job cancel": "job cancel 0x12..ef",
  "job deliver": "job deliver 0x12..ef",
  "job draw": "job draw 0x12..ef",
  "job expire": "job expire 0x12..ef",
  "job finalise": "job finalise 0x12..ef",
  "job present": "job present 0x12..ef",
  "job redraw": "job redraw 0x12..ef",
  "job show": "job show 0x12..ef",
  "job withdraw": "job withdraw",
  "key list": "key list",
  "key rotate": "key rotate worker",
  "model calibrate": "model calibrate digits.onnx --name digits --licence MIT --domain Input3=0:255 --out digits.json",
  "model compile": "model compile digits.onnx digits.json",
  "model verify": "model verify 0x12..ef",
  "operator accept": "operator accept 0xab..cd",
  "operator commission": "operator commission 10",
  "operator delist": "operator delist 0x12..ef",
  "operator draws": "operator draws 500",
  "operator faucet": "operator faucet",
  "operator release": "operator release",
  "operator reserve": "operator reserve 500",
  "operator status": "operator status 0xab..cd",
  "operator worker": "operator worker 0xab..cd",
  reference: "reference > docs/cli.md",
  "reservation end": "reservation end 0x12..ef",
  "reservation release": "reservation release 0x12..ef",
  "reservation show": "reservation show 0x12..ef",
  "reservation thaw": "reservation thaw 0x12..ef 0.05",
  "reservation withdraw": "reservation withdraw 0x12..ef",
  "stake cancel": "stake cancel 3",
  "stake collect": "stake collect --operator 0xab..cd",
  "stake exit": "stake exit 100",
  "stake show": "stake show --operator 0xab..cd --holder 0x12..34",
  "stake withdraw": "stake withdraw",
  "state backup": "state backup worker worker.sqlite",
  "state restore": "state restore worker worker.sqlite",
};

/** Puts an example under the help of every command that has one, and writes amounts as people type them. */
export function completeHelp(command: Command, path: readonly string[] = []): void {
  const example = EXAMPLES[path.join(" ")];
  if (example !== undefined) command.addHelpText("after", `\nExample:\n  npx touchstone ${example}`);
  for (const option of command.options) {
    // Commander would show it as JSON, which knows no bigint.
    if (typeof option.defaultValue === "bigint") option.defaultValueDescription = formatEther(option.defaultValue);
    if (Array.isArray(option.defaultValue)) option.defaultValueDescription ??= "none";
    if (option.flags.endsWith("<time>") && typeof option.defaultValue === "number") {
      option.defaultValueDescription = `${option.defaultValue} s`;
    }
  }
  for (const below of command.commands) completeHelp(below, [...path, below.name()]);
}
