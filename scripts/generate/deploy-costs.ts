import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { formatEther, formatUnits } from "ethers";

import { createArtifacts, type Artifacts } from "../../src/deploy/artifacts.js";
import { stepsFor } from "../../src/deploy/goal.js";
import { NETWORKS } from "../../src/deploy/networks.js";
import { parametersFor } from "../../src/deploy/parameters.js";
import { updateDocument } from "../bench/document.js";
import type { Table } from "../bench/section.js";

export const COSTS_FILE = "docs/deploying.md";
const GWEI = 10n ** 9n;
/** Gas prices of the tables beside each network's own floor. */
const PRICES = [GWEI, 10n * GWEI];

/** What people do after a deployment: the file of snapshots/gas, and the figure in it. */
const STEPS: readonly (readonly [what: string, file: string, key: string])[] = [
  ["register a model", "jobs", "register"],
  ["request a job", "jobs", "request"],
  ["answer it", "jobs", "submit"],
  ["finalise it", "jobs", "finalise"],
  ["activate a reservation", "receipts", "activate"],
  ["collect 100 vouchers", "receipts", "collect 100 vouchers"],
  ["draw auditors", "lottery", "draw"],
  ["report an audit", "lottery", "open"],
  ["open a challenge, trace of 256", "opening", "trace of 256"],
  ["refute it, dot of 1,024 terms", "refutations", "dot, 1,024 terms"],
  ["resolve it", "challenges", "resolve"],
  ["execute it", "challenges", "execute"],
];

/** Three digits are enough of what a day's prices decide. */
const coins = (wei: bigint): string =>
  Number(Number(formatEther(wei)).toPrecision(3))
    .toFixed(10)
    .replace(/0+$/, "");
const gwei = (wei: bigint): string => `${formatUnits(wei, "gwei").replace(/\.0$/, "")} gwei`;
/** What one contract's code takes differs by some bytes with the set of files that are compiled together; these steps do not. */
const [GAS_STEP, BYTE_STEP] = [5_000_000, 50_000];
const upTo = (n: number, step: number): number => Math.ceil(n / step) * step;

function gasOf(file: string, key: string): bigint {
  const figures = JSON.parse(readFileSync(`snapshots/gas/${file}.json`, "utf8")) as Readonly<
    Record<string, string | { readonly transaction: string }>
  >;
  const figure = figures[key];
  if (figure === undefined) throw new Error(`snapshots/gas/${file}.json has no "${key}"`);
  return BigInt(typeof figure === "string" ? figure : figure.transaction);
}

/** What a deployment costs at most on each network, and what is paid on it afterwards. */
export function costTables(artifacts: Artifacts): Table[] {
  const goals = NETWORKS.map((network) => ({ network, parameters: parametersFor(network, "deploy/parameters") }));
  const floorOf = ({ parameters }: (typeof goals)[number]): bigint => BigInt(parameters["baseFeeFloor"] ?? 0);
  const deployments = goals.map((goal) => {
    const steps = stepsFor(goal, artifacts);
    const gas = BigInt(upTo(Number(steps.reduce((sum, step) => sum + step.gas, 0n)), GAS_STEP));
    const bytes = upTo(
      steps.reduce((sum, step) => sum + step.bytes, 0),
      BYTE_STEP,
    );
    const floor = floorOf(goal);
    const atFloor = `${coins(gas * floor)} at ${gwei(floor)}`;
    const figures = [goal.network.name, steps.length, Number(gas), `${bytes / 1_000} KB`, atFloor];
    return [...figures, ...PRICES.map((price) => coins(gas * price))];
  });
  const floors = goals.filter(({ network }) => network.explorer !== undefined).map(floorOf);
  const prices = [...new Set([...floors, ...PRICES])].sort((a, b) => Number(a - b));
  const steps = STEPS.map(([what, file, key]) => {
    const gas = BigInt(Number(Number(gasOf(file, key)).toPrecision(2)));
    return [what, Number(gas), ...prices.map((price) => coins(gas * price))];
  });
  return [
    {
      title: "Deploying",
      remark:
        "Gas and data at most, rounded up, and coins for the gas at the base fee that the network's parameters reckon with at least, and above it.",
      columns: [
        "network",
        "transactions",
        "gas",
        "data",
        "at its floor",
        ...PRICES.map((price) => `at ${gwei(price)}`),
      ],
      rows: deployments,
    },
    {
      title: "Using it",
      remark: "Coins for gas as the tests of test/gas measure it. On rollups the fee for data comes on top.",
      columns: ["", "gas", ...prices.map((price) => `at ${gwei(price)}`)],
      rows: steps,
    },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tables = costTables(createArtifacts("artifacts"));
  const [command, date] = ["tsx scripts/generate/deploy-costs.ts", new Date().toISOString().slice(0, 10)];
  await updateDocument(
    COSTS_FILE,
    { name: "costs", command, date, tables },
    "from the compiled code and snapshots/gas",
  );
}
