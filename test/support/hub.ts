import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { AddressLike } from "ethers";

export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const TOKEN = 10n ** 18n;

/** Governed parameters as tests deploy them. */
export const PARAMETERS = {
  staking: {
    unbonding: 21 * DAY,
    commissionDelay: 7 * DAY,
    jailTime: DAY,
    strikesToJail: 3,
    releaseFee: TOKEN,
    minDelegation: TOKEN,
  },
  jobs: {
    challengeWindow: DAY,
    maxDuration: DAY,
    lockFloor: 10n * TOKEN,
    auditShare: 500,
    missPenalty: 100,
    maxCallbackGas: 2_000_000,
  },
  receipts: { challengeWindow: 3 * DAY, maxReservation: 30 * DAY, payerThaw: 14 * DAY, reservationFloor: 10n * TOKEN },
  challenges: {
    refutationWindow: DAY,
    supplyWindow: 12 * HOUR,
    graceWindow: 12 * HOUR,
    airGap: 12 * HOUR,
    bondFloor: TOKEN / 100n,
    priceMultiple: 4,
    baseFeeFloor: 10n ** 9n,
    dataPrice: 0n,
    feeOracle: "0x0000000000000000000000000000000000000000",
  },
  lottery: { probability: 10_000, auditors: 3, auditStake: 100n * TOKEN },
} as const;

type Section = keyof typeof PARAMETERS;

/** Other values for some parameters of some sections. */
export type ParameterChange = { readonly [K in Section]?: Partial<Record<keyof (typeof PARAMETERS)[K], unknown>> };

export function parametersWith(change: ParameterChange = {}) {
  const merge = <K extends Section>(section: K) => ({ ...PARAMETERS[section], ...change[section] });
  return {
    staking: merge("staking"),
    jobs: merge("jobs"),
    receipts: merge("receipts"),
    challenges: merge("challenges"),
    lottery: merge("lottery"),
  };
}

export const INCLUSION_DELAY = 6 * HOUR;
export const EPOCH = 24 * HOUR;

export interface HubOptions {
  readonly sealer?: AddressLike;
  readonly parameters?: ParameterChange;
  readonly inclusionDelay?: number;
  readonly epoch?: number;
}

/** A hub whose authority's admin is the deployer, who so has every role at once and without a delay. */
export async function deployHub(
  { ethers, deployer }: { ethers: HardhatEthers; deployer: AddressLike },
  { sealer = deployer, parameters, inclusionDelay = INCLUSION_DELAY, epoch = EPOCH }: HubOptions = {},
) {
  const authority = await ethers.deployContract("Governance", [deployer]);
  return ethers.deployContract("Hub", [sealer, authority, inclusionDelay, epoch, parametersWith(parameters)]);
}
