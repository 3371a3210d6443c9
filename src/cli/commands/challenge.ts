import { join } from "node:path";

import type { Command } from "commander";
import { formatEther, formatUnits } from "ethers";

import { baseFeeAhead } from "../../chain/fees.js";
import type { Accusation } from "../../dispute/accuse.js";
import { createAccuser } from "../../dispute/accuse.js";
import { fetchClaim, type ClaimRecord } from "../../dispute/claims.js";
import { createDefender } from "../../dispute/defend.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { makeAccusation } from "../../dispute/make-accusation.js";
import { challengeStatusName, tolerantSend } from "../../dispute/protocol.js";
import { compareWithAudit } from "../../dispute/examine.js";
import { TouchstoneError } from "../../errors.js";
import { openState } from "../../store/state.js";
import type { Context } from "../context.js";
import { table } from "../io.js";
import { id } from "../parse.js";

const VERDICTS = ["right", "wrong", "void"];
/** How long `open` waits for the block after its commitment. */
const OPEN_TRIES = 120;

async function claimOf(ctx: Context, claimId: string): Promise<ClaimRecord> {
  const claim = await fetchClaim(await ctx.suite(), claimId);
  if (claim !== undefined && claim.outputs.length > 0) return claim;
  const state = claim === undefined ? "was never requested" : "is not answered yet";
  throw new TouchstoneError("CLAIM_UNKNOWN", `Job ${claimId} ${state} on this deployment.`, {
    next: "Check the id and TOUCHSTONE_DEPLOYMENT.",
  });
}

/** Audits a claim and finds what can be challenged in it. */
async function findingOf(ctx: Context, claim: ClaimRecord): Promise<NonNullable<ReturnType<typeof compareWithAudit>>> {
  const evidencer = createEvidencer(await ctx.catalogue());
  ctx.io.progress("running the audit machine");
  const { model, results } = await evidencer.auditOf(claim);
  const finding = compareWithAudit(model, results, claim.outputs);
  if (finding !== undefined) return finding;
  throw new TouchstoneError(
    "ANSWER_RIGHT",
    `The answer to job ${claim.claimId} is right: a challenge would lose its bond.`,
  );
}

const seconds = (n: bigint | number): string => `${(Number(n) / 3_600).toFixed(1)} h`;

export function challengeCommands(program: Command, context: () => Context): void {
  const challenge = program.command("challenge").description("prove wrong answers, end false challenges");

  challenge
    .command("quote <jobId>")
    .description("what a challenge would cost, earn and take, before anything is spent")
    .action(async (text: string) => {
      const ctx = context();
      const { challenges, registry, jobs, provider } = await ctx.suite();
      const claim = await claimOf(ctx, id(text));
      const [bond, model, clocks, job, { gasPrice }] = await Promise.all([
        challenges.bondFor(claim.modelId, await baseFeeAhead(provider)),
        registry.model(claim.modelId),
        challenges.parameters(),
        jobs.job(claim.claimId),
        provider.getFeeData(),
      ]);
      const window = await jobs.challengeWindow();
      const finality = await challenges.worstCaseFinality(window, model.depth);
      const worstGas = model.maxProofGas;
      // Half of the lock pays rewards, 70% of that goes to the challengers (docs/protocol.md, Money).
      const reward = (job.lock * 35n) / 100n;
      const quote = {
        jobId: claim.claimId,
        bond,
        worstProofGas: worstGas,
        worstProofCost: worstGas * (gasPrice ?? 0n),
        reward,
        openBefore: job.challengeDeadline,
        refutationWindow: clocks.refutationWindow,
        airGap: clocks.airGap,
        worstCaseFinality: finality,
      };
      ctx.io.result(quote, (q) =>
        table([
          ["bond", `${formatEther(q.bond)} coins, back if the challenge stands`],
          [
            "dearest proof",
            `${q.worstProofGas} gas, ${formatEther(q.worstProofCost)} coins at ${formatUnits(gasPrice ?? 0n, "gwei")} gwei`,
          ],
          ["reward", `${formatEther(q.reward)} stake tokens if alone, from a lock of ${formatEther(job.lock)}`],
          ["open until", new Date(Number(q.openBefore) * 1_000).toISOString()],
          [
            "then",
            `${seconds(q.refutationWindow)} for refutations, ${seconds(q.airGap)} air gap; at worst final ${seconds(q.worstCaseFinality)} after the answer`,
          ],
          ["you win if", "the audit answer of your trace is out of tolerance, and you answer every demand in time"],
        ]),
      );
    });

  challenge
    .command("open <jobId>")
    .description("audit an answer; if it is wrong, commit to a challenge and open it")
    .addHelpText("after", "\nKeep `touchstone watch` running on the same key until it is executed: it answers demands.")
    .action(async (text: string) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const claim = await claimOf(ctx, id(text));
      const finding = await findingOf(ctx, claim);
      const evidencer = createEvidencer(await ctx.catalogue());
      // The watcher's own state file, so that `touchstone watch` takes over from here.
      const state = openState(join(ctx.settings.home, "state", `watcher-${sender.address}.sqlite`));
      const accusation = await makeAccusation({ suite, evidencer, challenger: sender.address, claim, finding });
      state.collection<ClaimRecord>("claim").put(claim.claimId, claim);
      state.collection<Accusation>("accusation").put(accusation.challengeId, accusation);
      const accuser = createAccuser({ suite, sender, log: ctx.log("challenge") });
      for (let tries = 0; tries < OPEN_TRIES; tries++) {
        const head = await suite.provider.getBlock("latest");
        if (head === null) continue;
        await accuser.advance(accusation, () => evidencer.materialOf(claim), head.timestamp, head.number);
        const { status } = await suite.challenges.challenge(accusation.challengeId);
        if (status > 0n) break;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
      ctx.io.result(
        { ...accusation, verdict: finding.verdict },
        (a) => `opened ${a.challengeId}: answer is ${a.verdict}`,
      );
    });

  challenge
    .command("refute <challengeId>")
    .description("do the next step towards ending a false challenge: demand, refute or expire")
    .action(async (text: string) => {
      const ctx = context();
      const [suite, sender] = [await ctx.suite(), await ctx.sender()];
      const challengeId = id(text);
      const { claimId, openedAt, traceRoot } = await suite.challenges.challenge(challengeId);
      if (openedAt === 0n) throw new TouchstoneError("CHALLENGE_UNKNOWN", `There is no challenge ${challengeId}.`);
      const claim = await claimOf(ctx, claimId);
      const evidencer = createEvidencer(await ctx.catalogue());
      const { trace } = await evidencer.auditOf(claim);
      if (trace.root === traceRoot) {
        throw new TouchstoneError("CHALLENGE_TRUTHFUL", "The challenge asserts the true trace: it cannot be refuted.");
      }
      const defender = createDefender({ suite, sender, log: ctx.log("refute") });
      const now = (await suite.provider.getBlock("latest"))?.timestamp ?? 0;
      const progress = await defender.advance(challengeId, claim.block, () => evidencer.defenceOf(claim), now);
      const after = challengeStatusName(Number((await suite.challenges.challenge(challengeId)).status));
      ctx.io.result({ challengeId, progress, status: after }, (r) => `${r.progress}; the challenge is ${r.status}`);
    });

  for (const [name, description, done] of [
    ["resolve", "uphold a challenge whose deadlines have passed", ["WrongChallengeStatus"]],
    ["execute", "settle the claim as an upheld challenge says", ["WrongChallengeStatus", "ClaimNotChallengeable"]],
  ] as const) {
    challenge
      .command(`${name} <challengeId>`)
      .description(description)
      .action(async (text: string) => {
        const ctx = context();
        const [{ challenges }, sender] = [await ctx.suite(), await ctx.sender()];
        const sent = await tolerantSend(sender, await challenges[name].populateTransaction(id(text)), done);
        ctx.io.result({ challengeId: text, already: sent === undefined, gas: sent?.gasUsed ?? 0n }, (r) =>
          r.already ? "somebody already did it" : `done, gas ${r.gas}`,
        );
      });
  }

  challenge
    .command("show <challengeId>")
    .description("status, deadlines and money of a challenge")
    .action(async (text: string) => {
      const ctx = context();
      const { challenges } = await ctx.suite();
      const c = await challenges.challenge(id(text));
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
