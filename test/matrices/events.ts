import {
  type BaseContract,
  dataLength,
  formatUnits,
  keccak256,
  type Log,
  type ParamType,
  ZeroAddress,
  ZeroHash,
} from "ethers";

import { DAY } from "../support/protocol.js";
import type { Ready } from "./entry-point.js";
import type { World } from "./world.js";

/** When a call was made, of what its events may speak relatively. */
export interface Moment {
  readonly block: number;
  readonly time: bigint;
  readonly epoch: bigint;
}

/** Minutes of the units that times are told in. */
const UNITS = [
  [1_440n, "d"],
  [60n, "h"],
  [1n, "min"],
] as const;
/** Farther away than this no time of the protocol lies. */
const FAR = 400n * BigInt(DAY);
/** Longer bytes are told by their hash, and of longer lists the two ends. */
const [SHORT_BYTES, SHORT_LIST] = [32, 8];

/** `now`, `now + 25h`: to the minute, because a slow machine's chain goes on by seconds of its own. */
function tellTime(time: bigint, now: bigint): string {
  let minutes = ((time < now ? now - time : time - now) + 30n) / 60n;
  const parts = UNITS.flatMap(([size, unit]) => {
    const count = minutes / size;
    minutes %= size;
    return count === 0n ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? "now" : `now ${time < now ? "-" : "+"} ${parts.join(" ")}`;
}

function tellDistance(name: string, value: bigint, from: bigint): string {
  if (value === from) return name;
  return value < from ? `${name} - ${from - value}` : `${name} + ${value - from}`;
}

/** Coins and stake tokens have 18 decimals; what is no round part of one is counted singly. */
function tellNumber(value: bigint): string {
  const isRound = value >= 10n ** 12n && value % 10n ** 12n === 0n;
  return isRound ? `${formatUnits(value, 18).replace(/\.0$/, "")}e18` : value.toString();
}

/** Ids in a call's arguments, by their place there. */
function* idsIn(value: unknown, path: string): Generator<[id: string, path: string]> {
  if (typeof value === "string" && /^0x[0-9a-f]{64}$/.test(value)) yield [value, path];
  else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) yield* idsIn(each, `${path}.${key}`);
  }
}

/** Tells events so that they are the same in every run: accounts by their parts, times from now, ids by where they come from. */
export async function createTeller(world: World, { args }: Ready, { block, time, epoch }: Moment) {
  const parties = Object.entries(world.addresses).map(([name, at]) => [at, name] as const);
  const auditors = world.auditors.map(({ address }) => [address, "an auditor"] as const);
  const names = new Map<string, string>([...parties, ...auditors, [ZeroAddress, "nobody"]]);
  const ids = new Map([
    ...args.flatMap((value, i) => [...idsIn(value, `argument ${i + 1}`)]).reverse(),
    [world.modelId, "the model"],
    [ZeroHash, "0"],
  ]);
  let news = 0;

  function tell(type: ParamType, value: unknown): string {
    const { name, baseType } = type;
    if (type.isArray()) {
      const all = (value as unknown[]).map((each) => tell(type.arrayChildren, each));
      return `[${all.length <= SHORT_LIST ? all.join(", ") : `${all[0]} to ${all.at(-1)}, ${all.length}`}]`;
    }
    if (type.isTuple()) return `(${tellAll(type.components, value as unknown[])})`;
    if (baseType === "address") return names.get(value as string) ?? "another";
    if (baseType === "bytes32") {
      const id = value as string;
      if (!ids.has(id)) ids.set(id, `#${++news}`);
      return ids.get(id)!;
    }
    if (baseType === "bytes") {
      const [bytes, length] = [value as string, dataLength(value as string)];
      return length <= SHORT_BYTES ? bytes : `${length} bytes ${keccak256(bytes).slice(0, 10)}`;
    }
    if (typeof value !== "bigint") return JSON.stringify(value);
    if (/epoch$/i.test(name)) return tellDistance("epoch", value, epoch);
    if (/block$/i.test(name)) return tellDistance("block", value, BigInt(block));
    return value > time - FAR && value < time + FAR ? tellTime(value, time) : tellNumber(value);
  }
  const tellAll = (types: readonly ParamType[], values: readonly unknown[]): string =>
    types.map((type, i) => `${type.name}: ${tell(type, values[i])}`).join(", ");

  const contracts = new Map<string, readonly [name: string, contract: BaseContract]>();
  const all: readonly (readonly [string, BaseContract])[] = Object.entries(world.contracts);
  for (const each of [...all, ["Token", world.token], ["Coin", world.coin]] as const) {
    contracts.set(await each[1].getAddress(), each);
    names.set(await each[1].getAddress(), each[0]);
  }
  return (log: Log): string => {
    const known = contracts.get(log.address);
    for (const [name, contract] of known === undefined ? all : [known]) {
      const event = contract.interface.parseLog(log);
      if (event === null) continue;
      const of = known === undefined ? `another ${name}` : name;
      return `${of}.${event.name}(${tellAll(event.fragment.inputs, [...event.args])})`;
    }
    return `something of ${names.get(log.address) ?? "another"}`;
  };
}
