import type { Command } from "commander";
import { formatEther, formatUnits } from "ethers";

import type { Suite } from "../../chain/suite.js";
import { challengeClaim } from "../../dispute/challenge-claim.js";
import { createDefender } from "../../dispute/defend.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { quoteChallenge } from "../../dispute/quote.js";
import { challengeStatusName, tolerantSend } from "../../dispute/protocol.js";
import { TouchstoneError } from "../../errors.js";
import { openState, roleState } from "../../store/state.js";
import { claimAtHand } from "../claim.js";
import type { Context } from "../context.js";
import { hashPool } from "../hashing.js";
import { table } from "../io.js";
import { id } from "../parse.js";

const VERDICTS = ["right", "wrong", "void"];

/** @throws TouchstoneError `CHALLENGE_UNKNOWN`. */
async function challengeOf({ challenges }: Suite, challengeId: string) {
  const found = await challenges.challenge(challengeId);
  if (found.openedAt > 0n) return found;
  throw new TouchstoneError("CHALLENGE_UNKNOWN", `There is no challenge ${challengeId} on this deployment.`, {
    next: "Check the id and TOUCHSTONE_DEPLOYMENT; `touchstone accused` lists those against an operator.",
  });
}

const seconds = (n: bigint | number): string => `${(Number(n) / 3_600).toFixed(1)} h`;

export function challengeCommands(program: Command, context: () => Context): void {
  const challenge = program.command("challenge").description("prove wrong answers, end false challenges");

  challenge
    .command("quote")
    .argument("<claimId>", "a job, or a receipt that a role with this key keeps: 0x and 64 hex digits", id)
    .description("what a challenge would cost, earn and take, before anything is spent")
    .addHelpText("after", "\nExample:\n  npx touchstone challenge quote 0x12..ef")
    .action(async (text: string) => {
      const ctx = context();
      const suite = await ctx.suite();
      const quote = await quoteChallenge(suite, await claimAtHand(ctx, text));
      const date = (time: bigint): string => new Date(Number(time) * 1_000).toISOString();
      ctx.io.result(quote, (q) =>
        table([
          ["now", q.open ? "it can be challenged" : `no challenge can be opened: the claim is ${q.status}`],
          ["bond", `${formatEther(q.bond)} coins, back if the challenge stands`],
          ["whole challenge", `${formatEther(q.cost)} coins at ${formatUnits(q.baseFee, "gwei")} gwei, demands repaid`],
          ["dearest proof", `${q.worstProofGas} gas, for whoever refutes`],
          [
            "reward",
            `${formatEther(q.reward)} stake tokens if alone: 70% of half of the operator's own ${formatEther(q.ownPart)}`,
          ],
          ["of a lock of", `${formatEther(q.lock)} stake tokens, ${q.openChallenges} challenges open`],
          ["open until", date(q.openBefore)],
          [
            "then",
            `${seconds(q.refutationWindow)} for refutations, ${seconds(q.airGap)} air gap; over by ${date(q.finalAtWorst)} at worst`,
          ],
          ["you win if", "an output element is out of the model's tolerance (or an input outside its domain),"],
          ["", "your trace is the audit machine's, bit for bit, and you answer every demand in time"],
          [
            "find out first",
            `touchstone challenge open audits before it sends anything, and refuses if the answer is right`,
          ],
        ]),
      );
    });

  challenge
    .command("open")
    .argument("<claimId>", "a job, or a receipt that a role with this key keeps: 0x and 64 hex digits", id)
    .description("audit an answer; if it is wrong, commit to a challenge and open it")
    .addHelpText("after", "\nKeep `touchstone watch` running on the same key until it is executed: it answers demands.")
    .action(async (text: string) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const claim = await claimAtHand(ctx, text);
      const evidencer = createEvidencer(await ctx.catalogue(), hashPool(ctx.log("challenge")));
      const state = openState(roleState(ctx.settings.home, "watcher", sender.address));
      const [log, signer] = [ctx.log("challenge"), await ctx.signer()];
      ctx.io.progress("running the audit machine");
      const { accusation, verdict } = await challengeClaim({ suite, sender, signer, evidencer, state, claim, log });
      ctx.io.result({ ...accusation, verdict }, (a) => `opened ${a.challengeId}: answer is ${a.verdict}`);
    });

  challenge
    .command("refute")
    .argument("<challengeId>", "0x and 64 hex digits", id)
    .description("do the next step towards ending a false challenge: demand, refute or expire")
    .action(async (text: string) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const challengeId = text;
      const { claimId, traceRoot } = await challengeOf(suite, challengeId);
      const claim = await claimAtHand(ctx, claimId);
      const evidencer = createEvidencer(await ctx.catalogue(), hashPool(ctx.log("refute")));
      const { trace } = await evidencer.auditOf(claim);
      if (trace.root === traceRoot) {
        throw new TouchstoneError("CHALLENGE_TRUTHFUL", "The challenge asserts the true trace: it cannot be refuted.");
      }
      const defender = createDefender({ suite, sender, log: ctx.log("refute") });
      const now = Number(await suite.hub.time());
      const progress = await defender.advance(challengeId, claim.block, () => evidencer.defenceOf(claim), now);
      const after = challengeStatusName(Number((await suite.challenges.challenge(challengeId)).status));
      ctx.io.result({ challengeId, progress, status: after }, (r) => `${r.progress}; the challenge is ${r.status}`);
    });

  for (const [name, description, done] of [
    ["resolve", "uphold a challenge whose deadlines have passed", ["WrongChallengeStatus"]],
    ["execute", "settle the claim as an upheld challenge says", ["WrongChallengeStatus", "ClaimNotChallengeable"]],
  ] as const) {
    challenge
      .command(name)
      .argument("<challengeId>", "0x and 64 hex digits", id)
      .description(description)
      .action(async (text: string) => {
        const ctx = context();
        const [suite, sender] = [await ctx.suite(), await ctx.sender()];
        await challengeOf(suite, text);
        const sent = await tolerantSend(sender, await suite.challenges[name].populateTransaction(text), done);
        const status = challengeStatusName(Number((await challengeOf(suite, text)).status));
        ctx.io.result({ challengeId: text, already: sent === undefined, status, gas: sent?.gasUsed ?? 0n }, (r) =>
          r.already ? `nothing to do: the challenge is ${r.status}` : `done, gas ${r.gas}`,
        );
      });
  }

  challenge
    .command("show")
    .argument("<challengeId>", "0x and 64 hex digits", id)
    .description("status, deadlines and money of a challenge")
    .action(async (text: string) => {
      const ctx = context();
      const c = await challengeOf(await ctx.suite(), text);
      const shown = {
        challengeId: text,
        status: challengeStatusName(Number(c.status)),
        verdict: VERDICTS[Number(c.verdict)] ?? "",
        challenger: c.challenger,
        claimId: c.claimId,
        bond: c.bond,
        demands: c.demands,
        outstanding: c.outstanding,
        refutationDeadline: c.refutationDeadline,
        lastDeadline: c.lastDeadline,
        executableAt: c.executableAt,
      };
      ctx.io.result(shown, (s) => table(Object.entries(s).map(([key, value]) => [key, String(value)])));
    });
}
