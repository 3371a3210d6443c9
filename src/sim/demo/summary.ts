import { renderAudits, reportAudits, type AuditReport, type SeatOutcome } from "../report/audits.js";
import { amountOf, count } from "../report/format.js";
import { renderDraws, reportDraws, type DrawOutcomes, type DrawReport } from "../report/draws.js";
import type { ChallengeOutcome, Outcomes } from "../report/outcomes.js";
import { renderGains, type Books } from "../market/books.js";
import { CHEATS, CONSUMER, HONEST, LIARS, WATCHER } from "./cast.js";
import { problemsWithAudits, problemsWithDraws } from "./drawn.js";
import { problemsWithMarket, renderMarket, summariseMarket, type MarketSummary } from "./market-summary.js";

/** The result of the demo. Amounts are in tokens or coins, as decimal text. */
export interface Summary {
  readonly seed: number;
  readonly honestFinalised: number;
  readonly fraudsSlashed: number;
  readonly falseChallengesRefuted: number;
  readonly falseSlashes: number;
  readonly fraudsMissed: number;
  readonly tokensSlashed: string;
  readonly tokensBurnt: string;
  readonly bondsBurnt: string;
  readonly bondsToDefence: string;
  readonly frauds: readonly { readonly operator: string; readonly fraud: string; readonly job: string }[];
  readonly falseChallenges: readonly { readonly challenger: string; readonly lie: string; readonly ended: string }[];
  readonly market: MarketSummary;
  readonly draws: DrawReport;
  readonly audits: AuditReport;
  /** Largest gas of every function that was called; `deploy` is the whole deployment. */
  readonly gas: Readonly<Record<string, number>>;
  readonly chainDays: number;
  readonly seconds: number;
  /** What is not as it should be; empty if all is well. */
  readonly problems: readonly string[];
}

export interface Judged {
  readonly outcomes: Outcomes;
  readonly books: Books;
  readonly draws: DrawOutcomes;
  readonly audits: readonly SeatOutcome[];
  readonly nameOf: (address: string) => string;
  /** Stake behind each job. */
  readonly lock: bigint;
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

const isLost = ({ status }: ChallengeOutcome): boolean => status === "Refuted" || status === "Unanswered";

/** Whether the bond went half to the defence and half to nobody, after answered demands were repaid; shares round down. */
function isSplit({ bond, reward, burnt }: ChallengeOutcome): boolean {
  const uneven = burnt - reward;
  return reward > 0n && reward + burnt <= bond && uneven >= 0n && uneven <= 16n;
}

function problemsWithFrauds({ outcomes, nameOf, lock }: Judged): string[] {
  return CHEATS.flatMap(({ name }) => {
    const job = outcomes.jobs.find(({ operator }) => nameOf(operator) === name);
    if (job === undefined) return [`${name} answered nothing`];
    const problems: string[] = [];
    if (!job.deviates) problems.push(`${name}'s answer is within the tolerance: no fraud`);
    if (job.status !== "Wrong") problems.push(`${name}'s job is ${job.status}, not Wrong`);
    const slash = outcomes.slashes.find(({ lockId }) => lockId === job.jobId);
    if (slash?.amount !== lock)
      problems.push(`${name} lost ${amountOf(slash?.amount ?? 0n)} tokens instead of its lock`);
    const paid = (to: string): bigint =>
      sum((slash?.rewards ?? []).filter(({ account }) => nameOf(account) === to).map(({ amount }) => amount));
    const [watcher, consumer] = [(lock * 35n) / 100n, (lock * 15n) / 100n];
    if (paid(WATCHER) !== watcher || paid(CONSUMER) !== consumer) problems.push(`${name}'s stake was split otherwise`);
    return problems;
  });
}

function problemsWithLies({ outcomes, nameOf }: Judged): string[] {
  return LIARS.flatMap(({ name }) => {
    const challenge = outcomes.challenges.find(({ challenger }) => nameOf(challenger) === name);
    if (challenge === undefined) return [`${name} accused nobody`];
    if (challenge.truthful) return [`${name} told the truth`];
    if (!isLost(challenge)) return [`${name}'s false challenge is ${challenge.status}`];
    return isSplit(challenge) ? [] : [`${name}'s bond was split otherwise`];
  });
}

/** Everything that is not as it should be. */
function problemsOf(judged: Judged, honestFinalised: number): string[] {
  const { outcomes } = judged;
  const expected = 2 * HONEST.length;
  return [
    ...(honestFinalised === expected ? [] : [`${honestFinalised} of ${expected} honest answers became final`]),
    ...problemsWithFrauds(judged),
    ...problemsWithLies(judged),
    ...problemsWithMarket(judged),
    ...outcomes.falseSlashes.map(({ operator }) => `${judged.nameOf(operator)} was slashed for a right answer`),
    ...outcomes.missed.map(({ operator }) => `a wrong answer of ${judged.nameOf(operator)} was not punished`),
    ...(outcomes.coinsOwed === 0n ? [] : [`${amountOf(outcomes.coinsOwed)} coins were not collected`]),
  ];
}

export function summarise(
  judged: Judged,
  run: { seed: number; gas: Readonly<Record<string, number>>; chainDays: number; seconds: number },
): Summary {
  const { outcomes, nameOf } = judged;
  const honest = new Set<string>(HONEST);
  const draws = reportDraws(outcomes.jobs, judged.draws);
  const audits = reportAudits(judged.audits, nameOf);
  const named = outcomes.jobs.filter(({ jobId }) => !judged.draws.jobs.has(jobId));
  const finals = named.filter(({ operator, status }) => honest.has(nameOf(operator)) && status === "Final");
  const lost = outcomes.challenges.filter(
    (challenge) => !challenge.truthful && !challenge.isReport && isLost(challenge),
  );
  return {
    seed: run.seed,
    honestFinalised: finals.length,
    fraudsSlashed: outcomes.slashes.length - outcomes.falseSlashes.length,
    falseChallengesRefuted: lost.length,
    falseSlashes: outcomes.falseSlashes.length,
    fraudsMissed: outcomes.missed.length,
    tokensSlashed: amountOf(sum(outcomes.slashes.map(({ amount }) => amount))),
    tokensBurnt: amountOf(sum(outcomes.slashes.map(({ burnt }) => burnt))),
    bondsBurnt: amountOf(sum(lost.map(({ burnt }) => burnt))),
    bondsToDefence: amountOf(sum(lost.map(({ reward }) => reward))),
    frauds: CHEATS.map(({ name, fraud }) => ({
      operator: name,
      fraud,
      job: outcomes.jobs.find(({ operator }) => nameOf(operator) === name)?.status ?? "None",
    })),
    falseChallenges: LIARS.map(({ name, lie }) => ({
      challenger: name,
      lie,
      ended: outcomes.challenges.find(({ challenger }) => nameOf(challenger) === name)?.status ?? "None",
    })),
    market: summariseMarket(judged),
    draws,
    audits,
    gas: run.gas,
    chainDays: run.chainDays,
    seconds: run.seconds,
    problems: [...problemsOf(judged, finals.length), ...problemsWithDraws(draws), ...problemsWithAudits(audits)],
  };
}

export function renderSummary(s: Summary): string[] {
  const shown = ["request", "submit", "commitChallenge", "openChallenge", "demand", "refute", "resolve", "execute"];
  const gas = shown.flatMap((name) => (s.gas[name] === undefined ? [] : [`${name} ${count(s.gas[name])}`]));
  return [
    `  ${s.honestFinalised} honest answers final and paid`,
    `  ${s.fraudsSlashed} frauds slashed: ${s.tokensSlashed} tokens, ${s.tokensBurnt} of them burnt`,
    `  ${s.falseChallengesRefuted} false challenges lost: ${s.bondsBurnt} coins of bonds burnt, ${s.bondsToDefence} to the defence`,
    `  ${s.falseSlashes} honest operators slashed, ${s.fraudsMissed} frauds missed`,
    ...renderDraws(s.draws),
    ...renderMarket(s.market),
    "",
    ...renderAudits(s.audits),
    "",
    ...renderGains(s.market.gains),
    "",
    `  largest gas: ${gas.slice(0, 4).join(", ")},`,
    `               ${gas.slice(4).join(", ")}`,
    `  ${s.chainDays.toFixed(1)} days on the chain, ${s.seconds.toFixed(0)} seconds here`,
    ...(s.problems.length === 0 ? [] : ["", "  NOT AS IT SHOULD BE:", ...s.problems.map((each) => `  - ${each}`)]),
  ];
}
