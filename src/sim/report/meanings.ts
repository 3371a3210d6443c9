import { ZeroAddress, type LogDescription, type Result } from "ethers";

import { fromHex } from "../../audit/bytes.js";
import { ROOT_LIST } from "../../audit/subtree.js";
import { classOf, scoresOf } from "../digits.js";
import type { Step } from "../driver/observer.js";
import { amountOf, count, score, shortId } from "./format.js";

/** Names and numbers of what was seen so far. */
export interface Known {
  readonly jobs: Map<string, { readonly number: number; readonly operator: string; readonly currency: string }>;
  /** Presented receipts. */
  readonly receipts: Map<string, { readonly number: number; readonly operator: string }>;
  /** The job that an auditor's seat is about. */
  readonly seats: Map<string, string>;
  readonly challenges: Map<string, { readonly claimId: string; readonly challenger: string }>;
  nameOf(address: string): string;
}

type Teller = (event: LogDescription, known: Known, step: Step) => string;

const text = (event: LogDescription, name: string): string => event.args.getValue(name) as string;
const big = (event: LogDescription, name: string): bigint => event.args.getValue(name) as bigint;

/** `job 3`, or `receipt 1` for a claim that came by receipt. */
function jobName(known: Known, claimId: string): string {
  const receipt = known.receipts.get(claimId);
  if (receipt !== undefined) return `receipt ${receipt.number}`;
  return `job ${known.jobs.get(claimId)?.number ?? shortId(claimId)}`;
}

/** `0.001 coins`; `tokens` for any other currency than the native coin. */
const money = (amount: bigint, currency: string): string =>
  `${amountOf(amount)} ${currency === ZeroAddress ? "coins" : "tokens"}`;

const challengeName = (known: Known, challengeId: string, teller?: string): string => {
  const found = known.challenges.get(challengeId);
  if (found === undefined) return `challenge ${shortId(challengeId)}`;
  const audited = known.seats.get(found.claimId);
  if (audited !== undefined) {
    const whose = found.challenger === teller ? "its" : `${known.nameOf(found.challenger)}'s`;
    return `${whose} report on ${jobName(known, audited)}`;
  }
  const job = jobName(known, found.claimId);
  return found.challenger === teller
    ? `its challenge to ${job}`
    : `${known.nameOf(found.challenger)}'s challenge to ${job}`;
};

const scratch = new DataView(new ArrayBuffer(4));

function floatOf(bits: bigint): number {
  scratch.setUint32(0, Number(bits));
  return scratch.getFloat32(0);
}

/** `tensor 3`, `leaf 7 of tensor 3`, `roots from 2048`. */
function placeOf(event: LogDescription): string {
  const [node, height, index] = (event.args.getValue("position") as bigint[]).map(Number);
  if (node === ROOT_LIST) return `part ${index ?? 0} of the list of roots`;
  return height === 0 && index !== 0 ? `leaf ${index ?? 0} of tensor ${node ?? 0}` : `tensor ${node ?? 0}`;
}

function splitOf(event: LogDescription): string {
  const shares = Number(big(event, "shares"));
  const to = shares === 1 ? "" : ` in ${shares} shares`;
  return `${amountOf(big(event, "reward"))} coins of the bond to the defence${to}, ${amountOf(big(event, "burnt"))} burn`;
}

const lossOf = (event: LogDescription, known: Known): string =>
  `${known.nameOf(text(event, "operator"))} has a strike, and of its stake burns ${amountOf(big(event, "penalty"))}`;

const askedBy = (event: LogDescription, known: Known): string => {
  const operator = text(event, "operator");
  return operator === ZeroAddress ? "whoever is drawn" : known.nameOf(operator);
};

/** The staking contract's; the receipt escrow has an event of the same name. */
const DELEGATED = "Deposited(address,address,uint256,uint256)";

/** What a transaction meant, by the event that says most about it. The first that is found counts. */
const TELLERS: readonly (readonly [string, Teller])[] = [
  [
    "ModelRegistered",
    (event) => {
      const [name, content] = [
        (event.args.getValue("provenance") as { name: string }).name,
        event.args.getValue("content") as { nodeCount: bigint },
      ];
      return `publishes ${name}: ${content.nodeCount} nodes, content ${shortId(text(event, "contentId"))}`;
    },
  ],
  ["OfferChanged", () => "stakes tokens, names a worker key, offers the model"],
  ["CurrencyAdded", () => "lets fees be paid in one more token"],
  [
    DELEGATED,
    (event, known) => `delegates ${amountOf(big(event, "amount"))} tokens to ${known.nameOf(text(event, "operator"))}`,
  ],
  [
    "JobRequested",
    (event, known, { value }) => {
      const { currency, fee } = (event.args.getValue("terms") as Result).toObject() as {
        currency: string;
        fee: bigint;
      };
      const paid = currency === ZeroAddress ? money(value, currency) : money(fee, currency);
      return `asks ${askedBy(event, known)}: which digit? (${jobName(known, text(event, "jobId"))}, ${paid})`;
    },
  ],
  [
    "JobAnswered",
    (event, known) => {
      const scores = scoresOf(fromHex((event.args.getValue("outputs") as string[])[0] ?? "0x"));
      const digit = classOf(scores);
      return `answers ${jobName(known, text(event, "jobId"))}: ${digit} (score ${score(scores[digit] ?? NaN)})`;
    },
  ],
  [
    "JobFinalised",
    (event, known) => {
      const currency = known.jobs.get(text(event, "jobId"))?.currency ?? ZeroAddress;
      return `${jobName(known, text(event, "jobId"))} is final, a fee of ${money(big(event, "fee"), currency)}`;
    },
  ],
  ["Enlisted", () => "sets stake aside for draws and enlists for the next day"],
  [
    "JobAssigned",
    (event, known) => `draws ${known.nameOf(text(event, "operator"))} for ${jobName(known, text(event, "jobId"))}`,
  ],
  [
    "JobExpired",
    (event, known, { events }) => {
      const missed = events.find(({ name }) => name === "JobMissed");
      const loss = missed === undefined ? "" : `\n${lossOf(missed, known)}`;
      return `${jobName(known, text(event, "jobId"))} was not answered in time, fee refunded${loss}`;
    },
  ],
  ["JobMissed", (event, known) => `has ${jobName(known, text(event, "jobId"))} drawn anew\n${lossOf(event, known)}`],
  [
    "AuditorWeighed",
    (event) =>
      big(event, "weight") === 0n ? "audits no more" : "sets stake aside, to be drawn for audits from the next day on",
  ],
  [
    "AuditDrawn",
    (event, known) => {
      const auditors = (event.args.getValue("auditors") as string[]).map((each) => known.nameOf(each));
      return `starts the audit of ${jobName(known, text(event, "jobId"))} by ${auditors.join(", ")}`;
    },
  ],
  [
    "ReportCommitted",
    (event, known) => `has run ${jobName(known, text(event, "jobId"))} again, and commits to a report`,
  ],
  [
    "SeatSettled",
    (event, known, { events, from }) => {
      const [auditor, job] = [text(event, "auditor"), jobName(known, text(event, "jobId"))];
      const whose = auditor === from ? "its" : `${known.nameOf(auditor)}'s`;
      const slashed = events.find(({ name }) => name === "Slashed");
      if (slashed !== undefined)
        return `ends ${whose} audit of ${job}: a false report, ${amountOf(big(slashed, "amount"))} tokens burn`;
      if (events.some(({ name }) => name === "Struck")) return `ends ${whose} audit of ${job}: no report, a strike`;
      const pay = big(event, "pay");
      const currency = known.jobs.get(text(event, "jobId"))?.currency ?? ZeroAddress;
      return pay === 0n
        ? `ends ${whose} audit of ${job}`
        : `ends ${whose} audit of ${job}: the report stood, ${money(pay, currency)} are earned`;
    },
  ],
  ["PayCollected", (event) => `takes ${money(big(event, "amount"), text(event, "currency"))} for audits`],
  ["JobPresented", (event, known) => `shows the terms of ${jobName(known, text(event, "jobId"))} to the contracts`],
  [
    "ReceiptPresented",
    (event, known) =>
      `shows ${jobName(known, text(event, "claimId"))}, of ${known.nameOf(text(event, "operator"))}, to the contracts`,
  ],
  [
    "ReservationCapChanged",
    (event) => `lets its worker reserve up to ${amountOf(big(event, "cap"))} tokens for payers`,
  ],
  [
    "ReservationActivated",
    (event, known) =>
      `deposits for answers by receipt; ${amountOf(big(event, "lock"))} tokens of ${known.nameOf(text(event, "operator"))} stand behind them`,
  ],
  [
    "Collected",
    (_event, _known, { events }) => {
      const collected = events.filter(({ name }) => name === "Collected");
      const [divided] = events.filter(({ name }) => name === "FeesDivided");
      const paid = collected.reduce((sum, each) => sum + big(each, "amount"), 0n);
      return `collects ${collected.length} voucher${collected.length === 1 ? "" : "s"} for ${money(paid, divided === undefined ? ZeroAddress : text(divided, "currency"))}`;
    },
  ],
  ["ReservationEnded", () => "ends a reservation whose deposit is leaving"],
  ["ReservationReleased", () => "frees the stake of a reservation that is over"],
  ["Thawing", (event) => `asks for ${amountOf(big(event, "amount"))} of its deposit back`],
  ["ThawWithdrawn", (event) => `takes ${amountOf(big(event, "amount"))} of its deposit back`],
  ["ChallengeCommitted", () => "commits to a challenge that nobody can copy"],
  [
    "ChallengeOpened",
    (event, known, { events }) => {
      const reported = known.seats.get(text(event, "claimId"));
      if (reported !== undefined) return `reports on ${jobName(known, reported)}: nothing is wrong, under a bond`;
      const shown = events.find(({ name }) => name === "DeviationShown");
      const job = jobName(known, text(event, "claimId"));
      if (shown === undefined) return `challenges ${job}`;
      const [claimed, audited] = [floatOf(big(shown, "claimed")), floatOf(big(shown, "audited"))];
      return `challenges ${job}: score ${Number(big(shown, "element"))} is ${score(claimed)}, asserts ${score(audited)}`;
    },
  ],
  ["Demanded", (event, known) => `demands ${placeOf(event)} in ${challengeName(known, text(event, "challengeId"))}`],
  [
    "HashesSupplied",
    (event) => `supplies ${count((event.args.getValue("hashes") as string[]).length)} hashes of ${placeOf(event)}`,
  ],
  ["LeafSupplied", (event) => `supplies 256 bytes of ${placeOf(event)}`],
  [
    "ChallengeRefuted",
    (event, known) =>
      `refutes ${challengeName(known, text(event, "challengeId"))}: tensor ${big(event, "node")}, element ${big(event, "element")}\n${splitOf(event)}`,
  ],
  [
    "ChallengeUnanswered",
    (event, known) => `ends ${challengeName(known, text(event, "challengeId"))}, unanswered\n${splitOf(event)}`,
  ],
  [
    "ChallengeUpheld",
    (event, known, { from }) => `shows that ${challengeName(known, text(event, "challengeId"), from)} stood unrefuted`,
  ],
  [
    "ContestExecuted",
    (event, known, { events }) => {
      const slashed = events.find(({ name }) => name === "Slashed");
      const job = jobName(known, text(event, "claimId"));
      if (slashed === undefined) return `${job} is void, fee refunded but for the audit share`;
      const operator = known.nameOf(text(slashed, "operator"));
      return `${job} is wrong: ${operator} loses ${amountOf(big(slashed, "amount"))} tokens, ${amountOf(big(slashed, "burnt"))} burn`;
    },
  ],
  [
    "ChallengeSettled",
    (event, known, { from }) =>
      `${challengeName(known, text(event, "challengeId"), from)} is over, its bond comes back`,
  ],
  ["DemandRefunded", (event) => `takes back the price of a demand, ${amountOf(big(event, "amount"))} coins`],
  ["RewardWithdrawn", (event) => `takes ${amountOf(big(event, "amount"))} tokens of rewards`],
  [
    "FeesCollected",
    (event) => `takes ${money(big(event, "amount"), text(event, "currency"))} that its delegation earned`,
  ],
  [
    "Withdrawn",
    (event) => {
      const currency = (event.args.toObject() as { currency?: string }).currency ?? ZeroAddress;
      return `takes ${money(big(event, "amount"), currency)}`;
    },
  ],
];

/** A sentence without its subject; what follows a line break is detail. */
export function meaningOf(step: Step, known: Known): string {
  for (const [name, tell] of TELLERS) {
    const event = step.events.find((each) => each.name === name || each.signature === name);
    if (event !== undefined) return tell(event, known, step);
  }
  return step.call?.name ?? "sends coins";
}
