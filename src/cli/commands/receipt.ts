import type { Command } from "commander";
import { formatEther, ZeroAddress } from "ethers";

import { infer } from "../../client/infer.js";
import { sendReceipt } from "../../client/watcher.js";
import { openState, roleState } from "../../store/state.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { amount, collect, id, url } from "../parse.js";
import { readTensorFile } from "../tensors.js";

interface InferFlags {
  readonly endpoint: URL;
  readonly input: string[];
  readonly maxPrice: bigint;
  readonly deposit: bigint;
  readonly watcher: URL[];
}

const RESERVATION_STATUS = ["unknown", "active", "released", "slashed"];
const when = (seconds: bigint): string => (seconds === 0n ? "-" : new Date(Number(seconds) * 1_000).toISOString());

/** Values of an output that people see; programs get all. */
const SHOWN = 16;

export function receiptCommands(program: Command, context: () => Context): void {
  program
    .command("infer")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("buy an answer from an operator's endpoint: paid by voucher, backed by a signed receipt")
    .requiredOption("--endpoint <url>", "the operator's", url)
    .requiredOption("--input <file.pb>", "an input as ONNX TensorProto, one for each model input in order", collect, [])
    .requiredOption("--max-price <coins>", "most to pay for the answer", amount)
    .option("--deposit <coins>", "what to deposit where the present deposit does not suffice", amount, 0n)
    .option(
      "--watcher <url>",
      "a watcher to send the receipt to; may be repeated",
      (text, previous: URL[]) => [...previous, url(text)],
      [],
    )
    .addHelpText(
      "after",
      "\\nExample:\\n  npx touchstone infer 0x12..ef --endpoint http://127.0.0.1:8700 --input seven.pb --max-price 0.001 --deposit 0.01",
    )
    .action(async (modelId: string, flags: InferFlags) => {
      const ctx = context();
      const [suite, sender, signer] = [await ctx.suite(), await ctx.sender(), await ctx.signer()];
      const state = openState(roleState(ctx.settings.home, "client", sender.address));
      const model = await (await ctx.catalogue()).get(modelId);
      const { endpoint, maxPrice, deposit } = flags;
      const inputs = flags.input.map(readTensorFile);
      const tools = { suite, sender, signer, state, log: ctx.log("client") };
      const { claimId, outputs, claim } = await infer(tools, { endpoint, model, modelId, inputs, maxPrice, deposit });
      for (const watcher of flags.watcher) await sendReceipt(watcher, model, claim);
      state.close();
      const values = outputs.map(({ data }) => [...data].map(String));
      ctx.io.result({ claimId, receipt: claim.receipt.receipt, outputs: values }, (r) =>
        table([["receipt", r.claimId], ...r.outputs.map((each, i) => [`output ${i}`, each.slice(0, SHOWN).join(" ")])]),
      );
    });

  const reservation = program.command("reservation").description("stake reserved for a payer, and its deposit");

  reservation
    .command("show")
    .argument("<reservation>", "0x and 64 hex digits", id)
    .description("who backs whom, until when, and what is left of the deposit")
    .action(async (text: string) => {
      const ctx = context();
      const r = await (await ctx.suite()).receipts.reservationOf(text);
      const { operator, payer, currency, start, end, balance, collected, thawing, thawedAt, openChallenges } = r;
      const status = RESERVATION_STATUS[Number(r.status)] ?? "unknown";
      const shown = {
        reservation: text,
        status,
        operator,
        payer,
        currency,
        start,
        end,
        balance,
        collected,
        thawing,
        thawedAt,
        openChallenges,
      };
      ctx.io.result(shown, (s) =>
        table([
          ["reservation", s.reservation],
          ["status", s.status],
          ["operator", s.operator],
          ["payer", s.payer],
          ["currency", s.currency === ZeroAddress ? "native coin" : s.currency],
          ["ends", when(s.end)],
          ["left", formatEther(s.balance)],
          ["paid", formatEther(s.collected)],
          ["thawing", `${formatEther(s.thawing)}, until ${when(s.thawedAt)}`],
          ["challenges", String(s.openChallenges)],
        ]),
      );
    });

  reservation
    .command("thaw")
    .argument("<reservation>", "0x and 64 hex digits", id)
    .argument("<coins>", "e.g. 0.05; 0 ends a thaw", amount)
    .description("ask for deposit back (payer's key); vouchers can be collected until it leaves")
    .action(async (text: string, coins: bigint) => {
      const ctx = context();
      const [{ receipts }, sender] = [await ctx.suite(), await ctx.sender()];
      await sender.send(await receipts.thaw.populateTransaction(text, coins));
      const { thawedAt } = await receipts.reservationOf(text);
      ctx.io.result({ reservation: text, thawing: coins, thawedAt }, (r) => `can leave from ${when(r.thawedAt)}`);
    });

  const simple = (name: string, method: "endReservation" | "release" | "withdrawThawed", description: string): void => {
    reservation
      .command(name)
      .argument("<reservation>", "0x and 64 hex digits", id)
      .description(description)
      .action(async (text: string) => {
        const ctx = context();
        const [{ receipts }, sender] = [await ctx.suite(), await ctx.sender()];
        const call =
          method === "withdrawThawed"
            ? await receipts.withdrawThawed.populateTransaction(text, sender.address)
            : await receipts[method].populateTransaction(text);
        const { gasUsed } = await sender.send(call);
        ctx.io.result({ reservation: text, gas: gasUsed }, (r) => `done, gas ${r.gas}`);
      });
  };
  simple("withdraw", "withdrawThawed", "take the thawed deposit (payer's key)");
  simple("end", "endReservation", "issue no more receipts under it (operator's or worker's key)");
  simple("release", "release", "free its stake after its end and the receipt window");
}
