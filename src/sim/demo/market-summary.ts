import { signed, type Books } from "../market/books.js";
import { amountOf } from "../report/format.js";
import type { Outcomes } from "../report/outcomes.js";
import { PATRONS, SELLER, SWINDLER } from "./cast.js";

/** What became of receipts, delegations and fees in tokens. Amounts as decimal text; a minus for what was lost. */
export interface MarketSummary {
  readonly rightReceipts: number;
  readonly wrongReceiptsSlashed: number;
  /** Stake that the wrong receipt cost. */
  readonly reservationSlashed: string;
  readonly delegators: readonly {
    readonly name: string;
    readonly operator: string;
    readonly coins: string;
    readonly stake: string;
  }[];
  /** Who gained and lost what; together nothing, because what burnt is a line of its own. */
  readonly gains: readonly {
    readonly role: string;
    readonly coins: string;
    readonly tokens: string;
    readonly stake: string;
  }[];
}

export interface JudgedMarket {
  readonly outcomes: Pick<Outcomes, "receipts" | "slashes">;
  readonly books: Books;
  readonly nameOf: (address: string) => string;
}

/** Receipts that the seller sells. */
const SOLD = 3;
/** Stake behind a reservation. */
const RESERVED = 50n * 10n ** 18n;

const gainOf = ({ gains }: Books, name: string) => gains.find(({ role }) => role === name);

function parts({ outcomes, nameOf }: JudgedMarket) {
  const of = (name: string) => outcomes.receipts.filter(({ operator }) => nameOf(operator) === name);
  return {
    right: of(SELLER).filter(({ deviates, status }) => !deviates && status === "None"),
    wrong: of(SWINDLER.name).filter(({ deviates, status }) => deviates && status === "Wrong"),
    slash: outcomes.slashes.find(({ operator }) => nameOf(operator) === SWINDLER.name),
  };
}

export function problemsWithMarket(judged: JudgedMarket): string[] {
  const { books } = judged;
  const { right, wrong, slash } = parts(judged);
  const problems = [...books.problems];
  if (right.length !== SOLD)
    problems.push(`${right.length} of ${SOLD} receipts of ${SELLER} were right and undisputed`);
  if (wrong.length !== 1) problems.push(`${SWINDLER.name}'s receipt was not slashed`);
  if (slash?.amount !== RESERVED) problems.push(`${SWINDLER.name} lost something else than its reservation`);
  for (const { name, operator } of PATRONS) {
    const { coins = 0n, stake = 0n } = gainOf(books, name) ?? {};
    const honest = operator === SELLER;
    // A voucher pays for a wrong answer too: the slash is what undoes it.
    if (coins <= 0n) problems.push(`${name} earned ${amountOf(coins)} coins by backing ${operator}`);
    if (stake < 0n === honest) problems.push(`${name} gained ${signed(stake)} stake by backing ${operator}`);
  }
  return problems;
}

export function summariseMarket(judged: JudgedMarket): MarketSummary {
  const { books } = judged;
  const { right, wrong, slash } = parts(judged);
  return {
    rightReceipts: right.length,
    wrongReceiptsSlashed: wrong.length,
    reservationSlashed: amountOf(slash?.amount ?? 0n),
    delegators: PATRONS.map(({ name, operator }) => {
      const { coins = 0n, stake = 0n } = gainOf(books, name) ?? {};
      return { name, operator, coins: signed(coins), stake: signed(stake) };
    }),
    gains: books.gains.map(({ role, coins, tokens, stake }) => ({
      role,
      coins: signed(coins),
      tokens: signed(tokens),
      stake: signed(stake),
    })),
  };
}

export function renderMarket({ rightReceipts, reservationSlashed, delegators }: MarketSummary): string[] {
  return [
    `  ${rightReceipts} answers by receipt paid by one voucher; a wrong one cost ${reservationSlashed} tokens of a reservation`,
    ...delegators.map(
      ({ name, operator, coins, stake }) =>
        `  ${name} backed ${operator}: ${coins} coins of fees, ${stake} stake tokens`,
    ),
  ];
}
