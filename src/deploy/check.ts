import { Contract, FunctionFragment, getAddress, Interface, type Provider, type Result, ZeroAddress } from "ethers";

import { Governance__factory, Hub__factory, ModelRegistry__factory } from "../../typechain-types/index.js";
import type { Artifacts } from "./artifacts.js";
import type { Parameters } from "./parameters.js";

/** One thing that was read back from the chain. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What is there instead, where it is not as it should be. */
  readonly found?: string;
}

/** A contract that a module deployed. */
export interface Placed {
  /** What the module exports it as, or its own name. */
  readonly name: string;
  readonly contractName: string;
  readonly address: string;
  /** The contract that made it, where that was not the deployer. */
  readonly creator?: string;
}

/** Peers that contracts know by another name than the module exports. */
const ALIASES: Readonly<Record<string, string>> = {
  challengemanager: "challenges",
  delegatorfees: "fees",
  offerbook: "offers",
  scalars: "ScalarEvaluator",
  reductions: "ReduceEvaluator",
};

/** Parameters of the hub whose names in files say of which contract they are. */
const FILE_NAME: Readonly<Record<string, string>> = {
  "receipts.challengeWindow": "receiptWindow",
  "lottery.probability": "auditProbability",
  "registry.deposit": "registrationDeposit",
};

const same = (what: string, expected: unknown, found: unknown): Finding =>
  String(expected).toLowerCase() === String(found).toLowerCase()
    ? { what, ok: true }
    : { what, ok: false, found: `${String(found)} instead of ${String(expected)}` };

/** Code without the values that constructors wrote into it, which the getters below show. */
async function checkCode(
  provider: Provider,
  artifacts: Artifacts,
  { name, contractName, address, creator }: Placed,
): Promise<Finding> {
  const { deployedBytecode, immutableReferences = {} } = artifacts.read(contractName, creator);
  const mask = (hex: string): string => {
    const code = hex.slice(2).split("");
    for (const { start, length } of Object.values(immutableReferences).flat()) {
      code.fill("0", 2 * start, 2 * (start + length));
    }
    return code.join("");
  };
  const found = await provider.getCode(address);
  const what = `code of ${name} at ${address}`;
  if (found === "0x") return { what, ok: false, found: "no contract" };
  return mask(found) === mask(deployedBytecode)
    ? { what, ok: true }
    : { what, ok: false, found: `other code than ${contractName} compiles to here` };
}

/** Every getter that is named like another contract of the suite has to return that one. */
async function checkWiring(provider: Provider, artifacts: Artifacts, placed: readonly Placed[]): Promise<Finding[]> {
  const addresses = new Map(placed.map(({ name, address }) => [name.toLowerCase(), address]));
  const findings: Finding[] = [];
  for (const { name, contractName, address } of placed) {
    const abi = new Interface(artifacts.read(contractName).abi as never);
    const contract = new Contract(address, abi, provider);
    for (const { name: getter, inputs, outputs } of abi.fragments.filter((each) => FunctionFragment.isFragment(each))) {
      if (inputs.length > 0 || outputs.length !== 1 || outputs[0]?.type !== "address") continue;
      const peer = addresses.get((ALIASES[getter.toLowerCase()] ?? getter).toLowerCase());
      if (peer === undefined) continue;
      findings.push(same(`${name}.${getter}()`, peer, await contract.getFunction(getter).staticCall()));
    }
  }
  return findings;
}

function checkStruct(group: string, struct: Result, parameters: Parameters): Finding[] {
  return Object.entries(struct.toObject()).flatMap(([field, found]) => {
    const name = FILE_NAME[`${group}.${field}`] ?? field;
    return name in parameters ? [same(`parameter ${name}`, parameters[name], found)] : [];
  });
}

/** Who may do what: the seats that were asked for, and nobody else of those who deployed. */
async function checkRoles(
  provider: Provider,
  authority: string,
  { deployer, parameters }: { deployer: string; parameters: Parameters },
): Promise<Finding[]> {
  const governance = Governance__factory.connect(authority, provider);
  const seat = (name: string): string => {
    const given = parameters[name];
    return given === undefined || given === ZeroAddress ? deployer : getAddress(String(given));
  };
  const [governor, guardian] = [seat("governor"), seat("guardian")];
  const roles = [
    ["governor", 1n, governor, 0],
    ["guardian", 2n, guardian, 0],
    ["emergency", 3n, governor, parameters["emergencyDelay"] ?? 0],
    ["admin", 0n, governor, parameters["adminDelay"] ?? 0],
  ] as const;
  const findings = await Promise.all(
    roles.map(async ([name, role, holder, delay]) => {
      const [isMember, found] = await governance.hasRole(role, holder);
      return same(`role ${name} of ${holder}, with delay`, `true ${delay}`, `${isMember} ${found}`);
    }),
  );
  for (const [name, role, holder] of roles) {
    if (holder === deployer) continue;
    const [isMember] = await governance.hasRole(role, deployer);
    findings.push(same(`role ${name} of the deployer`, false, isMember));
  }
  return findings;
}

/**
 * Reads a deployment back from the chain: code, wiring, parameters and roles, against what this clone compiles and the
 * parameters that were asked for.
 */
export async function checkDeployment(
  provider: Provider,
  artifacts: Artifacts,
  { placed, deployer, parameters }: { placed: readonly Placed[]; deployer: string; parameters: Parameters },
): Promise<Finding[]> {
  const at = (name: string): string => placed.find((each) => each.name === name)?.address ?? ZeroAddress;
  const findings = await Promise.all(placed.map((each) => checkCode(provider, artifacts, each)));
  // Nothing else can be asked of what is not there.
  if (findings.some(({ ok }) => !ok)) return findings;
  findings.push(...(await checkWiring(provider, artifacts, placed)));
  const hub = Hub__factory.connect(at("hub"), provider);
  const registry = ModelRegistry__factory.connect(at("registry"), provider);
  const [staking, jobs, receipts, challenges, lottery, registered, delay, epoch, isSealed, sources, lockers] =
    await Promise.all([
      hub.stakingParams(),
      hub.jobParams(),
      hub.receiptParams(),
      hub.challengeParams(),
      hub.lotteryParams(),
      registry.parameters(),
      hub.inclusionDelay(),
      hub.EPOCH(),
      hub.isSealed(),
      hub.sources(),
      hub.lockers(),
    ]);
  for (const [group, struct] of Object.entries({
    staking,
    jobs,
    receipts,
    challenges,
    lottery,
    registry: registered,
  })) {
    findings.push(...checkStruct(group, struct as unknown as Result, parameters));
  }
  findings.push(
    same("parameter inclusionDelay", parameters["inclusionDelay"], delay),
    same("parameter epoch", parameters["epoch"], epoch),
    same("the hub is sealed", true, isSealed),
    same("sources of claims", [at("jobs"), at("receipts")].join(" "), sources.join(" ")),
    same("other contracts that may lock", at("lottery"), lockers.join(" ")),
    ...(await checkRoles(provider, at("authority"), { deployer, parameters })),
  );
  return findings;
}
