import { expect } from "chai";

import { ZeroAddress } from "ethers";

import {
  ABSENT,
  AUDITOR,
  CHEATS,
  CONSUMER,
  HONEST,
  LIARS,
  PATRONS,
  SELLER,
  SWINDLER,
  WATCHER,
} from "../../src/sim/demo/cast.js";
import { renderSummary, summarise } from "../../src/sim/demo/summary.js";
import type { Books } from "../../src/sim/market/books.js";
import type { SeatOutcome } from "../../src/sim/report/audits.js";
import type { DrawOutcomes } from "../../src/sim/report/draws.js";
import type {
  ChallengeOutcome,
  JobOutcome,
  Outcomes,
  ReceiptOutcome,
  SlashOutcome,
} from "../../src/sim/report/outcomes.js";

const LOCK = 100n * 10n ** 18n;
const RUN = { seed: 1, gas: { request: 1 }, chainDays: 3.5, seconds: 60 };

function jobsOf(): JobOutcome[] {
  const job = (operator: string, n: number, deviates: boolean): JobOutcome => ({
    jobId: `${operator} ${n}`,
    operator,
    consumer: CONSUMER,
    currency: ZeroAddress,
    status: deviates ? "Wrong" : "Final",
    deviates,
    earned: 0n,
  });
  return [
    ...HONEST.flatMap((name) => [job(name, 1, false), job(name, 2, false)]),
    ...CHEATS.map(({ name }) => job(name, 1, true)),
    job(HONEST[0], 3, false),
  ];
}

/** The third job of the first honest operator was drawn, once in vain. */
function drawsOf(): DrawOutcomes {
  const jobId = `${HONEST[0]} 3`;
  return {
    jobs: new Set([jobId]),
    drawn: [ABSENT, HONEST[0]].map((operator) => ({ jobId, operator })),
    missed: [{ jobId, operator: ABSENT, penalty: LOCK / 100n, redrawn: true }],
  };
}

/** The auditor has audited that job, and was paid. */
const auditsOf = (): SeatOutcome[] => [
  {
    ...{ jobId: `${HONEST[0]} 3`, auditor: AUDITOR, status: "Paid", expected: "Paid" },
    ...{ currency: ZeroAddress, pay: 1n, slashed: 0n },
  },
];

const slashOf = (operator: string): SlashOutcome => ({
  operator,
  lockId: `${operator} 1`,
  amount: LOCK,
  burnt: LOCK / 2n,
  rewards: [
    { account: WATCHER, amount: (LOCK * 35n) / 100n },
    { account: CONSUMER, amount: (LOCK * 15n) / 100n },
  ],
});

function receiptsOf(): ReceiptOutcome[] {
  const receipt = (operator: string, n: number, status: string, deviates: boolean): ReceiptOutcome => ({
    claimId: `${operator} receipt ${n}`,
    reservation: `reservation of ${operator}`,
    operator,
    status,
    deviates,
  });
  return [...[1, 2, 3].map((n) => receipt(SELLER, n, "None", false)), receipt(SWINDLER.name, 1, "Wrong", true)];
}

/** Delegators of honest operators earn, those of others lose. */
const booksOf = (): { -readonly [K in keyof Books]: Books[K] } => ({
  gains: PATRONS.map(({ name, operator }) => {
    const honest = operator === SELLER;
    return { role: name, coins: 5n, tokens: 0n, stake: honest ? 0n : -10n };
  }),
  problems: [],
});

function challengesOf(): ChallengeOutcome[] {
  const base = { challengeId: "c", claimId: "j", isReport: false, bond: 100n };
  return [
    ...CHEATS.map(() => ({ ...base, challenger: WATCHER, status: "Settled", truthful: true, reward: 0n, burnt: 0n })),
    ...LIARS.map(({ name }) => ({
      ...base,
      challenger: name,
      status: "Refuted",
      truthful: false,
      reward: 50n,
      burnt: 50n,
    })),
  ];
}

type Ending = { -readonly [K in keyof Outcomes]: Outcomes[K] } & {
  books: ReturnType<typeof booksOf>;
  draws: DrawOutcomes;
  audits: readonly SeatOutcome[];
};

/** How the demo should end, with changes. */
function ending(change: (ending: Ending) => void = () => undefined) {
  const ending: Ending = {
    books: booksOf(),
    draws: drawsOf(),
    audits: auditsOf(),
    jobs: jobsOf(),
    receipts: receiptsOf(),
    challenges: challengesOf(),
    slashes: [...CHEATS.map(({ name }) => slashOf(name)), { ...slashOf(SWINDLER.name), amount: LOCK / 2n }],
    falseSlashes: [],
    missed: [],
    coinsOwed: 0n,
  };
  change(ending);
  const { books, draws, audits, ...outcomes } = ending;
  return summarise({ outcomes, books, draws, audits, nameOf: (name) => name, lock: LOCK }, RUN);
}

const replace = <T>(list: readonly T[], which: (item: T) => boolean, change: Partial<T>): T[] =>
  list.map((item) => (which(item) ? { ...item, ...change } : item));

describe("the demo's judgement", () => {
  it("finds nothing where all is well", () => {
    const summary = ending();
    expect(summary.problems).to.deep.equal([]);
    expect(summary).to.include({ honestFinalised: 6, fraudsSlashed: 5, falseChallengesRefuted: 3, falseSlashes: 0 });
    expect(renderSummary(summary).join("\n")).not.to.contain("NOT AS IT SHOULD BE");
  });

  const cases: [string, RegExp, Parameters<typeof ending>[0]][] = [
    [
      "an honest job that did not become final",
      /5 of 6 honest answers/,
      (o) => {
        o.jobs = replace(o.jobs, ({ jobId }) => jobId === "ada 1", { status: "Void" });
      },
    ],
    [
      "a drawn job that did not become final",
      /0 of 1 drawn jobs became final/,
      (o) => {
        o.jobs = replace(o.jobs, ({ jobId }) => jobId === "ada 3", { status: "Refunded" });
      },
    ],
    [
      "a missed deadline that cost nothing",
      /a missed deadline cost 0 tokens, not 1/,
      (o) => {
        o.draws = { ...o.draws, missed: o.draws.missed.map((each) => ({ ...each, penalty: 0n })) };
      },
    ],
    [
      "a job that was not drawn again",
      /0 jobs drawn again, not 1/,
      (o) => {
        o.draws = { ...o.draws, missed: o.draws.missed.map((each) => ({ ...each, redrawn: false })) };
      },
    ],
    [
      "a cheat whose answer was right",
      /eve's answer is within/,
      (o) => {
        o.jobs = replace(o.jobs, ({ operator }) => operator === "eve", { deviates: false });
      },
    ],
    [
      "a cheat that got away",
      /trudy's job is Final/,
      (o) => {
        o.jobs = replace(o.jobs, ({ operator }) => operator === "trudy", { status: "Final" });
      },
    ],
    [
      "a slash of less than the lock",
      /oscar lost 99 tokens/,
      (o) => {
        o.slashes = replace(o.slashes, ({ operator }) => operator === "oscar", { amount: LOCK - 10n ** 18n });
      },
    ],
    [
      "a reward for somebody else",
      /mallory's stake was split otherwise/,
      (o) => {
        o.slashes = replace(o.slashes, ({ operator }) => operator === "mallory", { rewards: [] });
      },
    ],
    [
      "a false challenge that stood",
      /iago's false challenge is Settled/,
      (o) => {
        o.challenges = replace(o.challenges, ({ challenger }) => challenger === "iago", { status: "Settled" });
      },
    ],
    [
      "a false challenge that was true",
      /judas told the truth/,
      (o) => {
        o.challenges = replace(o.challenges, ({ challenger }) => challenger === "judas", { truthful: true });
      },
    ],
    [
      "a bond that was not split in halves",
      /sinon's bond was split otherwise/,
      (o) => {
        o.challenges = replace(o.challenges, ({ challenger }) => challenger === "sinon", { reward: 60n, burnt: 40n });
      },
    ],
    [
      "an honest operator slashed",
      /ada was slashed for a right answer/,
      (o) => {
        o.falseSlashes = [slashOf("ada")];
      },
    ],
    [
      "a wrong receipt that nobody presented",
      /lupin's receipt was not slashed/,
      (o) => {
        o.receipts = replace(o.receipts, ({ operator }) => operator === SWINDLER.name, { status: "None" });
      },
    ],
    [
      "an honest receipt that was disputed",
      /2 of 3 receipts of ada/,
      (o) => {
        o.receipts = replace(o.receipts, ({ claimId }) => claimId === "ada receipt 2", { status: "Void" });
      },
    ],
    [
      "a reservation that was slashed in part",
      /lupin lost something else/,
      (o) => {
        o.slashes = replace(o.slashes, ({ operator }) => operator === SWINDLER.name, { amount: LOCK / 4n });
      },
    ],
    [
      "a delegator that earned nothing",
      /diana earned 0 coins/,
      (o) => {
        o.books.gains = replace(o.books.gains, ({ role }) => role === "diana", { coins: 0n });
      },
    ],
    [
      "a delegator that a slash spared",
      /fred gained 0 stake/,
      (o) => {
        o.books.gains = replace(o.books.gains, ({ role }) => role === "fred", { stake: 0n });
      },
    ],
    [
      "an answer that nobody audited",
      /0 answers were audited/,
      (o) => {
        o.audits = [];
      },
    ],
    [
      "an audit that ended otherwise than it has to",
      /an audit by hedy ended as Paid, not Slashed/,
      (o) => {
        o.audits = replace(o.audits, () => true, { expected: "Slashed" });
      },
    ],
    [
      "books that do not add up",
      /all coins together/,
      (o) => {
        o.books.problems = ["all coins together: gained 1, the contracts say 0"];
      },
    ],
    [
      "coins that nobody collected",
      /coins were not collected/,
      (o) => {
        o.coinsOwed = 10n ** 18n;
      },
    ],
  ];
  for (const [name, pattern, change] of cases) {
    it(`notices ${name}`, () => {
      const { problems } = ending(change);
      expect(problems.join("; ")).to.match(pattern);
    });
  }
});
