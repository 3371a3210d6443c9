/**
 * The networks that a deployment is prepared for. What differs between them is how long a transaction can be kept out, what a
 * byte costs and how fast blocks come; the parameters follow from that, and stand beside the file that all networks share.
 */

const HOUR = 3_600;
const DAY = 24 * HOUR;
const MWEI = 10n ** 6n;

/** How a chain asks for transaction data beside gas: an oracle contract of the suite, or nothing. */
export type FeeOracle = "OpStackFeeOracle" | "ArbitrumFeeOracle";

export interface DeploymentNetwork {
  readonly name: string;
  readonly chainId: number;
  /** Seconds. */
  readonly blockTime: number;
  /** Blocks on a transaction before the next step relies on it. */
  readonly confirmations: number;
  /** File under `deploy/parameters/`. */
  readonly parameterFile: string;
  /** What this network needs otherwise than the file says. */
  readonly parameters: Readonly<Record<string, number | bigint>>;
  readonly feeOracle?: FeeOracle;
  /** Where to look up contracts, for people. */
  readonly explorer?: string;
}

/** Anyone can force a transaction in after half a day on OP Stack chains: the sequencing window is 3,600 blocks of 12 s. */
const OP_STACK = {
  blockTime: 2,
  confirmations: 3,
  parameterFile: "testnet.json",
  parameters: {
    inclusionDelay: 12 * HOUR,
    challengeWindow: 30 * HOUR,
    receiptWindow: 3 * DAY,
    refutationWindow: 30 * HOUR,
    supplyWindow: 18 * HOUR,
    graceWindow: 18 * HOUR,
    airGap: 12 * HOUR,
    baseFeeFloor: MWEI,
  },
  feeOracle: "OpStackFeeOracle",
} as const;

export const NETWORKS: readonly DeploymentNetwork[] = [
  {
    name: "local",
    chainId: 31_337,
    blockTime: 1,
    confirmations: 1,
    parameterFile: "localhost.json",
    parameters: {},
  },
  {
    name: "sepolia",
    chainId: 11_155_111,
    blockTime: 12,
    confirmations: 2,
    parameterFile: "testnet.json",
    parameters: {},
    explorer: "https://sepolia.etherscan.io",
  },
  { ...OP_STACK, name: "base-sepolia", chainId: 84_532, explorer: "https://sepolia.basescan.org" },
  { ...OP_STACK, name: "op-sepolia", chainId: 11_155_420, explorer: "https://sepolia-optimism.etherscan.io" },
  {
    name: "arbitrum-sepolia",
    chainId: 421_614,
    blockTime: 1,
    confirmations: 3,
    parameterFile: "testnet.json",
    // The delayed inbox can be forced after a day. Every window grows with that, and unbonding with the windows.
    parameters: {
      inclusionDelay: DAY,
      challengeWindow: 54 * HOUR,
      receiptWindow: 3 * DAY,
      refutationWindow: 54 * HOUR,
      supplyWindow: 30 * HOUR,
      graceWindow: 30 * HOUR,
      airGap: DAY,
      unbonding: 28 * DAY,
      adminDelay: 35 * DAY,
      baseFeeFloor: 100n * MWEI,
    },
    feeOracle: "ArbitrumFeeOracle",
    explorer: "https://sepolia.arbiscan.io",
  },
];

export const networkOf = (chainId: number): DeploymentNetwork | undefined =>
  NETWORKS.find((network) => network.chainId === chainId);
