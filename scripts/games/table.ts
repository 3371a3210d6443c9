/** What one side has more after a game than before. */
export interface Purse {
  /** Wei of the native coin, before gas. */
  coins: bigint;
  /** Units of the stake token. */
  stake: bigint;
  gas: bigint;
}

/** One game that the honest won. */
export interface Played {
  readonly cheat: "operator" | "challenger";
  /** What the cheat did. */
  readonly conduct: string;
  /** What was false. */
  readonly lie: string;
  /** From the answer to the claim's end. */
  readonly seconds: number;
  readonly honest: Purse;
  readonly dishonest: Purse;
}

/** Games of one kind, in figures: coins in ETH with gas, stake in tokens. */
export interface Row {
  readonly cheat: Played["cheat"];
  readonly conduct: Played["conduct"];
  readonly games: number;
  /** Days from the answer to the claim's end. */
  readonly days: { readonly median: number; readonly longest: number };
  /** What the dishonest lost. */
  readonly lost: { readonly coins: Spread; readonly stake: Spread };
  /** What the honest won. */
  readonly won: { readonly coins: Spread; readonly stake: Spread };
}

interface Spread {
  readonly median: number;
  readonly least: number;
}

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: median(sorted), least: sorted[0]! };
}

const ether = (wei: bigint): number => Number(wei) / 1e18;
const coinsOf = ({ coins, gas }: Purse): number => ether(coins - gas);

/** One row for each conduct, in alphabetical order. */
export function tableOf(played: readonly Played[]): Row[] {
  const kinds = new Map<string, Played[]>();
  for (const game of played) {
    const kind = `${game.cheat} ${game.conduct}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), game]);
  }
  const names = [...kinds.keys()].sort();
  return names.map((name) => {
    const games = kinds.get(name)!;
    const days = games.map(({ seconds }) => seconds / 86_400).sort((a, b) => a - b);
    return {
      ...{ cheat: games[0]!.cheat, conduct: games[0]!.conduct, games: games.length },
      days: { median: median(days), longest: days.at(-1)! },
      lost: {
        coins: spread(games.map(({ dishonest }) => -coinsOf(dishonest))),
        stake: spread(games.map(({ dishonest }) => -ether(dishonest.stake))),
      },
      won: {
        coins: spread(games.map(({ honest }) => coinsOf(honest))),
        stake: spread(games.map(({ honest }) => ether(honest.stake))),
      },
    };
  });
}

/** A game as a line of text, and lines back: JSON has no large integers. */
export const writeGame = (game: Played): string =>
  `${JSON.stringify(game, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value))}\n`;

export function readGames(lines: string): Played[] {
  const big = ["coins", "stake", "gas"];
  const revive = (key: string, value: unknown) => (big.includes(key) ? BigInt(value as string) : value);
  return lines.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line, revive) as Played)));
}

/** As a page shows it. */
export function markdownOf(rows: readonly Row[]): string {
  const number = (value: number, digits: number) => value.toFixed(digits);
  const lines = rows.map(({ cheat, conduct, games, days, lost, won }) =>
    [
      ...[cheat, conduct, `${games}`, `${games}`],
      `${number(days.median, 1)} / ${number(days.longest, 1)}`,
      `${number(lost.coins.median, 4)} / ${number(lost.coins.least, 4)}`,
      `${number(lost.stake.median, 1)} / ${number(lost.stake.least, 1)}`,
      `${number(won.coins.median, 4)} / ${number(won.coins.least, 4)}`,
      `${number(won.stake.median, 1)} / ${number(won.stake.least, 1)}`,
    ].join(" | "),
  );
  return [
    "| who cheats | how | games | won by the honest | days to the end: median / longest | dishonest lose, ETH: median / least | tokens | honest win, ETH: median / least | tokens |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...lines.map((line) => `| ${line} |`),
  ].join("\n");
}
