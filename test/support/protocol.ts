import { type AddressLike, HDNodeWallet, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { type OperatorStaking, OperatorProfiles__factory } from "../../typechain-types/index.js";
import { DAY, deployHub, HOUR, INCLUSION_DELAY, PARAMETERS, TOKEN } from "./hub.js";
import { modelContent, modelIdOf, provenance } from "./models.js";

export { DAY, HOUR, TOKEN };

export const PARAMS = {
  deposit: 10n ** 16n,
  depositDelay: 7 * DAY,
  royaltyDelay: 7 * DAY,
  unbonding: PARAMETERS.staking.unbonding,
  inclusionDelay: INCLUSION_DELAY,
  challengeWindow: DAY,
  maxDuration: DAY,
  lockFloor: 10n * TOKEN,
} as const;

/** Private key of Hardhat's fourth account, which is the connection's worker. */
export const WORKER_KEY = HDNodeWallet.fromPhrase(
  "test test test test test test test test test test test junk",
  undefined,
  "m/44'/60'/0'/0/3",
).privateKey;

/** A chain with roles; every suite makes its own. */
export async function connect() {
  const connection = await network.create();
  const [deployer, publisher, owner, worker, consumer, challenger, stranger] = await connection.ethers.getSigners();
  return {
    ...connection,
    deployer: deployer!,
    publisher: publisher!,
    owner: owner!,
    worker: worker!,
    consumer: consumer!,
    challenger: challenger!,
    stranger: stranger!,
  };
}

export type Connection = Awaited<ReturnType<typeof connect>>;

/** Hub, toy challenge manager, registry, staking with the test token, and jobs; sealed, nothing registered. */
export async function deployProtocol(connection: Connection) {
  const { ethers, deployer } = connection;
  const hub = await deployHub(connection);
  const token = await ethers.deployContract("TestToken", [deployer, 10n ** 9n * TOKEN, 1000n * TOKEN, DAY]);
  const manager = await ethers.deployContract("ToyManager", [hub, PARAMS.inclusionDelay, DAY]);
  // The registry stores judges and never calls them.
  const registry = await deployRegistry(connection, hub, [ZeroAddress, manager]);
  const staking = await ethers.deployContract("OperatorStaking", [token, hub, true]);
  const verifier = await ethers.deployContract("TraceVerifier", [registry]);
  const offers = await ethers.deployContract("OfferBook", [registry, staking]);
  const jobs = await ethers.deployContract("JobEscrow", [offers, verifier, manager]);
  const receipts = await ethers.deployContract("ReceiptEscrow", [registry, staking, manager]);
  await hub.seal(manager, [jobs, receipts], []);
  const profiles = await profilesOf(staking);
  return { hub, token, manager, registry, staking, profiles, verifier, offers, jobs, receipts };
}

/** A registry with one judge for each format, from format 0 on. */
export async function deployRegistry({ ethers }: Connection, hub: AddressLike, arbiters: readonly AddressLike[]) {
  const { deposit, depositDelay, royaltyDelay } = PARAMS;
  return ethers.deployContract("ModelRegistry", [hub, arbiters, { deposit, depositDelay, royaltyDelay }]);
}

export type Protocol = Awaited<ReturnType<typeof deployProtocol>>;

/** A model registered by the publisher, an owner with 1,000 tokens staked and its worker, and an open offer. */
export async function deployWithOperator(connection: Connection) {
  const { publisher, owner } = connection;
  const protocol = await deployProtocol(connection);
  const { registry, offers } = protocol;
  const content = modelContent();
  await registry.connect(publisher).register(content, provenance(), 0, { value: PARAMS.deposit });
  const modelId = modelIdOf(content, publisher.address);
  await stake(connection, protocol, 1000n * TOKEN);
  await appointWorker(connection, protocol.staking);
  await offers.connect(owner).setOffer(modelId, OFFER);
  return { ...protocol, modelId, content };
}

export const OFFER = {
  currency: ZeroAddress,
  price: 10n ** 15n,
  answerGas: 0,
  maxLock: 500n * TOKEN,
  minDuration: HOUR,
  concurrency: 3,
  open: true,
} as const;

/** Adds to the stake of the connection's owner. */
export async function stake(
  { deployer, owner }: Connection,
  { token, staking }: Pick<Protocol, "token" | "staking">,
  amount: bigint,
) {
  await token.connect(deployer).transfer(owner, amount);
  await token.connect(owner).approve(staking, amount);
  await staking.connect(owner).deposit(owner, amount);
}

/** Keys and terms of a staking contract. */
export async function profilesOf(staking: OperatorStaking) {
  return OperatorProfiles__factory.connect(await staking.profiles(), staking.runner);
}

/** Makes the connection's worker that of its owner. */
export async function appointWorker({ owner, worker }: Connection, staking: OperatorStaking) {
  const profiles = await profilesOf(staking);
  await profiles.connect(owner).proposeWorker(worker);
  await profiles.connect(worker).acceptWorker(owner);
}
