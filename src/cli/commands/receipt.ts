import type { Command } from "commander";
import { formatEther, ZeroAddress } from "ethers";

import { type ClientOptions, createClient } from "../../client/client.js";
import { sendReceipt } from "../../client/watcher.js";
import { tensorBytes, toHex } from "../../audit/bytes.js";
import { answer as auditAnswer } from "../../audit/exec/fast/execute.js";
import { compareWithAudit } from "../../dispute/examine.js";
import { TouchstoneError } from "../../errors.js";
import type { Catalogue } from "../../models/catalogue.js";
import { openState, roleState } from "../../store/state.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { amount, collect, duration, id, urls } from "../parse.js";
import { readTensorFile } from "../tensors.js";

interface InferFlags {
  readonly endpoint: URL[];
  readonly input: string[];
  readonly maxPrice: bigint;
  readonly deposit: bigint;
  readonly watcher: URL[];
  readonly cap?: bigint;
  readonly forceLock?: bigint;
  readonly within: number;
  readonly check?: boolean;
}

const RESERVATION_STATUS = ["unknown", "active", "released", "slashed"];
const when = (seconds: bigint): string => (seconds === 0n ? "-" : new Date(Number(seconds) * 1_000).toISOString());

/** Values of an output that people see; programs get all. */
const SHOWN = 16;

const POLL_MS = 1_000;
/** More than there is. */
const NO_CAP = 1n << 128n;

/** Compares answers with those of the audit machine. */
const recompute =
  (catalogue: Catalogue): NonNullable<ClientOptions["isRight"]> =>
  async (modelId, inputs, outputs) => {
    const model = await catalogue.get(modelId);
    const claimed = outputs.map((tensor) => toHex(tensorBytes(tensor)));
    return compareWithAudit(model, auditAnswer(model.graph, inputs), claimed) === undefined;
  };

export function receiptCommands(program: Command, context: () => Context): void {
  program
    .command("infer")
    .argument("<modelId>", "0x and 64 hex digits", id)
    .description("buy an answer from an operator's endpoint: paid by voucher, backed by a signed receipt")
    .requiredOption("--endpoint <url>", "an operator's; may be repeated: the cheapest that answers is taken", urls)
    .option("--input <file.pb>", "an input as ONNX TensorProto, one for each model input in order", collect, [])
    .requiredOption("--max-price <coins>", "most to pay for the answer", amount)
    .option("--deposit <coins>", "what to deposit where the present deposit does not suffice", amount, 0n)
    .option("--watcher <url>", "a watcher to send the receipt to; may be repeated", urls, [])
    .option("--cap <coins>", "most that this key may spend on answers, all of them together", amount)
    .option(
      "--force-lock <tokens>",
      "where every endpoint is silent: force a job on-chain, with this stake behind it",
      amount,
    )
    .option("--within <time>", "with --force-lock: time to answer", duration, 3_600)
    .option("--check", "recompute the answer on the audit machine; exit code 1 if it is wrong")
    .addHelpText(
      "after",
      "\nExample:\n  npx touchstone infer 0x12..ef --endpoint http://127.0.0.1:8700 --input seven.pb --max-price 0.001 --deposit 0.01",
    )
    .action(async (modelId: string, flags: InferFlags) => {
      const ctx = context();
      const [suite, sender, signer] = [await ctx.suite(), await ctx.sender(), await ctx.signer()];
      const state = openState(roleState(ctx.settings.home, "client", sender.address));
      const catalogue = await ctx.catalogue();
      const { endpoint: endpoints, maxPrice, deposit, cap, forceLock, within, watcher: watchers } = flags;
      const inputs = flags.input.map(readTensorFile);
      const client = createClient({
        ...{ suite, sender, signer, state, log: ctx.log("client"), pollMs: POLL_MS, cap: cap ?? NO_CAP },
        model: (id) => catalogue.get(id),
        ...(flags.check === true ? { isRight: recompute(catalogue) } : {}),
      });
      const answer = await client.ask({
        ...{ modelId, inputs, endpoints, maxPrice, deposit, watchers },
        ...(forceLock === undefined ? {} : { force: { lock: forceLock, within } }),
      });
      // With `check` the client itself hands over what is wrong.
      if (answer.by === "receipt" && answer.right === undefined) {
        for (const watcher of watchers) await sendReceipt(watcher, await catalogue.get(modelId), answer.claim);
      }
      const spent = client.spent();
      state.close();
      if (answer.right === false) process.exitCode = 1;
      const values = answer.outputs.map(({ data }) => [...data].map(String));
      const what =
        answer.by === "receipt"
          ? { by: answer.by, claimId: answer.claimId, receipt: answer.claim.receipt.receipt }
          : { by: answer.by, jobId: answer.jobId, operator: answer.operator, finalAfter: answer.challengeDeadline };
      ctx.io.result({ ...what, right: answer.right, spent, outputs: values }, (r) =>
        table([
          [answer.by, answer.by === "receipt" ? answer.claimId : answer.jobId],
          ...(r.right === undefined ? [] : [["recomputed", r.right ? "right" : "WRONG: it went to the watchers"]]),
          ...r.outputs.map((each, i) => [`output ${i}`, each.slice(0, SHOWN).join(" ")]),
        ]),
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
      if (r.payer === ZeroAddress) {
        throw new TouchstoneError("RESERVATION_UNKNOWN", `There is no reservation ${text} on this deployment.`, {
          next: "Check the id and TOUCHSTONE_DEPLOYMENT.",
        });
      }
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
