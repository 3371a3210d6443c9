import { ZeroAddress } from "ethers";

import { amountOf, count, renderTable } from "../report/format.js";
import type { JobOutcome, Outcomes } from "../report/outcomes.js";
import type { World } from "../driver/world.js";
import { renderGains, signed, type Books } from "../market/books.js";
import { renderAudits, reportAudits, type AuditReport, type SeatOutcome } from "../report/audits.js";
import { renderDraws, reportDraws, type DrawOutcomes, type DrawReport } from "../report/draws.js";
import { problemsWithAudits } from "./audits.js";
import type { BitReport } from "./bits.js";
import { problemsWithDraws } from "./drawn.js";
import type { SimulationOptions } from "./options.js";
import type { Member, Population } from "./population.js";

/** How one operator fared. Amounts as decimal text. */
export interface OperatorReport {
  readonly operator: string;
  readonly about: string;
  readonly honest: boolean;
  readonly jobs: number;
  /** Of these, jobs that it was drawn to. */
  readonly drawn: number;
  readonly final: number;
  readonly wrong: number;
  readonly refunded: number;
  /** Deadlines missed. */
  readonly late: number;
  /** Of jobs, without what delegators and others got. */
  readonly feesEarned: string;
  /** The same in the token that fees are paid in beside the native coin. */
  readonly tokensEarned: string;
  readonly tokensSlashed: string;
}

export interface SimulationReport {
  readonly seed: number;
  readonly options: SimulationOptions;
  readonly operators: readonly OperatorReport[];
  /** Others that earned: the watcher, consumers, defenders. Tokens from slashes. */
  readonly rewards: readonly { readonly account: string; readonly tokens: string }[];
  /** Who gained and lost what; together nothing, because what burnt is a line of its own. */
  readonly gains: readonly {
    readonly role: string;
    readonly coins: string;
    readonly tokens: string;
    readonly stake: string;
  }[];
  /** Answers bought by receipt. */
  readonly receipts: number;
  readonly bits: BitReport;
  readonly draws: DrawReport;
  readonly audits: AuditReport;
  /** Deviations in multiples of the tolerance, and what became of the job. */
  readonly deviations: readonly { readonly factor: number; readonly job: string }[];
  readonly frauds: number;
  readonly fraudsSlashed: number;
  readonly fraudsMissed: number;
  readonly falseSlashes: number;
  readonly falseChallenges: number;
  readonly falseChallengesRefuted: number;
  readonly gas: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly problems: readonly string[];
}

export interface ReportParts {
  readonly world: World;
  readonly population: Population;
  readonly options: SimulationOptions;
  readonly outcomes: Outcomes;
  readonly books: Books;
  readonly bits: BitReport;
  readonly draws: DrawOutcomes;
  readonly audits: readonly SeatOutcome[];
  readonly gas: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

function reportOf(member: Member, { outcomes, draws }: ReportParts): OperatorReport {
  const { address } = member.operator.owner;
  const jobs = outcomes.jobs.filter(({ operator }) => operator === address);
  const ended = (status: string): JobOutcome[] => jobs.filter((job) => job.status === status);
  const final = ended("Final");
  const feesIn = (which: (currency: string) => boolean): bigint =>
    sum(final.flatMap(({ currency, earned }) => (which(currency) ? [earned] : [])));
  return {
    operator: member.operator.name,
    about: member.about,
    honest: member.fraud === undefined,
    jobs: jobs.length,
    drawn: jobs.filter(({ jobId }) => draws.jobs.has(jobId)).length,
    final: final.length,
    wrong: ended("Wrong").length,
    refunded: ended("Refunded").length,
    late: draws.missed.filter(({ operator }) => operator === address).length,
    feesEarned: amountOf(feesIn((currency) => currency === ZeroAddress)),
    tokensEarned: amountOf(feesIn((currency) => currency !== ZeroAddress)),
    tokensSlashed: amountOf(
      sum(outcomes.slashes.filter(({ operator }) => operator === address).map(({ amount }) => amount)),
    ),
  };
}

function problemsOf(parts: ReportParts, operators: readonly OperatorReport[]): string[] {
  const { outcomes, world, population } = parts;
  const nameOf = (address: string): string => world.actors.nameOf(address) ?? address;
  const dishonest = [...population.cheats, ...population.sellers].filter(({ fraud }) => fraud !== undefined);
  const cheats = new Set(dishonest.map(({ operator }) => operator.owner.address));
  const problems: string[] = [...parts.books.problems];
  for (const { operator } of outcomes.falseSlashes) problems.push(`${nameOf(operator)} was slashed for a right answer`);
  for (const { operator, status } of outcomes.missed)
    problems.push(`a wrong answer of ${nameOf(operator)} is ${status}`);
  for (const { operator, deviates } of [...outcomes.jobs, ...outcomes.receipts]) {
    if (deviates !== cheats.has(operator)) {
      problems.push(`an answer of ${nameOf(operator)} is ${deviates ? "wrong" : "right"} by exact arithmetic`);
    }
  }
  for (const { truthful, status, challenger } of outcomes.challenges) {
    const lost = status === "Refuted" || status === "Unanswered";
    if (truthful === lost)
      problems.push(`${nameOf(challenger)}'s ${truthful ? "true" : "false"} challenge is ${status}`);
  }
  const isLate = new Set([population.late?.operator.name, population.absent?.operator.name]);
  for (const { operator, honest, jobs, final, refunded, late } of operators) {
    if (!honest) continue;
    const expected = isLate.has(operator) ? 1 : 0;
    if (late !== expected) problems.push(`${operator} missed ${late} deadlines, not ${expected}`);
    if (final + refunded !== jobs) problems.push(`${jobs - final - refunded} jobs of ${operator} did not end well`);
  }
  return problems;
}

/** Sums a simulation up, from what is on the chain. */
export function report(parts: ReportParts): SimulationReport {
  const { population, outcomes, world, options } = parts;
  const { honest, late, absent, cheats, sellers } = population;
  const absentees = [late, absent].flatMap((member) => member ?? []);
  const members = [...honest, ...absentees, ...cheats, ...sellers];
  const operators: OperatorReport[] = [];
  for (const member of members) operators.push(reportOf(member, parts));
  const rewards = new Map<string, bigint>();
  for (const { account, amount } of outcomes.slashes.flatMap((slash) => slash.rewards)) {
    const name = world.actors.nameOf(account) ?? account;
    rewards.set(name, (rewards.get(name) ?? 0n) + amount);
  }
  const statusOf = (jobId: string): string => outcomes.jobs.find((job) => job.jobId === jobId)?.status ?? "None";
  const lies = outcomes.challenges.filter(({ truthful, isReport }) => !truthful && !isReport);
  const audits = reportAudits(parts.audits, (address) => world.actors.nameOf(address) ?? address);
  const draws = reportDraws(outcomes.jobs, parts.draws);
  return {
    seed: options.seed,
    options,
    operators,
    rewards: [...rewards].map(([account, tokens]) => ({ account, tokens: amountOf(tokens) })),
    gains: parts.books.gains.map(({ role, coins, tokens, stake }) => ({
      role,
      coins: signed(coins),
      tokens: signed(tokens),
      stake: signed(stake),
    })),
    receipts: outcomes.receipts.length,
    bits: parts.bits,
    draws,
    audits,
    deviations: [...population.deviations]
      .map(([jobId, factor]) => ({ factor, job: statusOf(jobId) }))
      .sort((a, b) => a.factor - b.factor),
    frauds: [...outcomes.jobs, ...outcomes.receipts].filter(({ deviates }) => deviates).length,
    fraudsSlashed: outcomes.slashes.length - outcomes.falseSlashes.length,
    fraudsMissed: outcomes.missed.length,
    falseSlashes: outcomes.falseSlashes.length,
    falseChallenges: lies.length,
    falseChallengesRefuted: lies.filter(({ status }) => status === "Refuted" || status === "Unanswered").length,
    gas: parts.gas,
    seconds: parts.seconds,
    problems: [
      ...problemsOf(parts, operators),
      ...problemsWithDraws(draws, options.draws, population.absent !== undefined),
      ...(options.uses.includes("audits") ? problemsWithAudits(audits) : []),
    ],
  };
}

/** The report as text. */
export function renderReport(r: SimulationReport): string[] {
  const { bits } = r;
  return [
    ...renderTable([
      ["operator", "runs", "jobs", "drawn", "final", "wrong", "late", "earned", "slashed"],
      ...r.operators.map((o) => [
        o.operator,
        o.about,
        ...[o.jobs, o.drawn, o.final, o.wrong, o.late].map(String),
        `${o.feesEarned} coins${o.tokensEarned === "0" ? "" : `, ${o.tokensEarned} tokens`}`,
        `${o.tokensSlashed} tokens`,
      ]),
    ]),
    "",
    ...r.rewards.map(({ account, tokens }) => `  ${account} earned ${tokens} tokens from slashes`),
    "",
    ...renderGains(r.gains),
    "",
    `  answers by receipt: ${r.receipts}`,
    `  bits: ${bits.differingPairs} of ${bits.pairs} pairs of honest answers to the same question differ, ${bits.inexact} of ${bits.answers} answers`,
    `        differ from the exact one; the farthest by ${(bits.largest * 100).toPrecision(2)}% of the tolerance`,
    ...(r.deviations.length === 0
      ? []
      : [`  deviations, times the tolerance: ${r.deviations.map((d) => `${d.factor} ${d.job}`).join(", ")}`]),
    ...renderDraws(r.draws),
    ...renderAudits(r.audits),
    `  frauds: ${r.frauds}, slashed ${r.fraudsSlashed}, missed ${r.fraudsMissed}`,
    `  false challenges: ${r.falseChallenges}, lost ${r.falseChallengesRefuted}; honest operators slashed: ${r.falseSlashes}`,
    `  seed ${r.seed}, ${count(Math.round(r.seconds))} seconds`,
    ...(r.problems.length === 0 ? [] : ["", "  NOT AS IT SHOULD BE:", ...r.problems.map((each) => `  - ${each}`)]),
  ];
}
