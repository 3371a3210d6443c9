import type { ContractTransactionResponse } from "ethers";
import { ZeroAddress } from "ethers";

import { INPUTS, rightOutputs } from "../support/challenges.js";
import { listHash, requestJob, submitJob } from "../support/jobs.js";
import { drawnAudit } from "../support/lottery.js";
import { modelContent, modelIdOf, provenance } from "../support/models.js";
import { OFFER, PARAMS, TOKEN } from "../support/protocol.js";
import { reserve, signedVoucher } from "../support/receipts.js";
import { delegate } from "../support/staking.js";
import {
  audited,
  type ContractName,
  disputed,
  sendAs,
  terms,
  UNNAMED,
  wait,
  waitUntil,
  windowOf,
  type World,
} from "./world.js";

type Signer = World["delegator"];

/** A call in the middle of which a contract of the suite calls the receiver. */
export interface Outlet {
  readonly name: string;
  /** Contracts whose guards it holds meanwhile. */
  readonly guards: readonly ContractName[];
  /** Has to be done before, by a transaction of its own. */
  readonly arm?: () => Promise<unknown>;
  readonly through: () => Promise<ContractTransactionResponse>;
  /** Goes on in a pause. */
  readonly inPause?: boolean;
  /** The stake token is not what it was: it knows no permits, and does not burn. */
  readonly plainToken?: boolean;
}

/** Brings a world to where coins and tokens wait to go out of every contract that has some. An outsider, who is no party, calls. */
export async function openOutlets(world: World): Promise<{ outlets: Outlet[]; receiver: string }> {
  const { chain, coin, token, jobs, receipts, manager, registry, staking, profiles, fees, lottery, addresses } = world;
  const { owner } = chain;
  const [outsider, { address: receiver }] = (await chain.ethers.getSigners()).slice(-2) as [Signer, Signer];

  // The outsider publishes a model, and is soon owed its deposit.
  const content = modelContent();
  await registry.connect(outsider).register(content, provenance(), 0, { value: PARAMS.deposit });
  const modelId = modelIdOf(content, outsider.address);
  await registry.connect(outsider).deprecate(modelId);

  // An audit whose auditor has earned something.
  const { claim, auditors } = await drawnAudit(chain, world);
  const auditor = auditors[0]!;
  await audited(world, claim, auditor);
  await profiles.connect(auditor).setPayout(receiver);
  await wait(world, PARAMS.depositDelay);

  // A job whose answer waits to be delivered.
  const asked = { inputs: INPUTS, callback: receiver, callbackGas: 2_000_000, value: 10n ** 18n };
  const jobId = await requestJob(chain, world, asked);
  const outputs = rightOutputs(world, listHash(INPUTS, ["f32"]));
  await submitJob(jobs.connect(chain.worker), jobId, outputs);
  await waitUntil(world, (await windowOf(world, jobId)) + 1n);

  // Credits of the outsider: in both escrows and the manager, in coins, and of a cancelled job in tokens.
  await requestJob(chain, world, { inputs: INPUTS, value: OFFER.price + 7n, consumer: outsider });
  await coin.mint(outsider, 100n);
  for (const spender of [jobs, receipts]) await coin.connect(outsider).approve(spender, 100n);
  const inTokens = { inputs: INPUTS, ...UNNAMED, currency: await coin.getAddress(), maxFee: 9n, value: 0n };
  const cancelled = await requestJob(chain, world, { ...inTokens, consumer: outsider });
  await jobs.connect(outsider).cancel(await terms(world, cancelled));
  const reservation = await reserve(chain, world, { currency: await coin.getAddress(), minDeposit: 1n });
  const inCoins = await reserve(chain, world);
  await profiles.connect(owner).setPayout(outsider);
  await receipts.collect([await signedVoucher(chain, world, { reservation: inCoins, cumulative: 1_000n })]);
  await profiles.connect(owner).setPayout(ZeroAddress);
  await (await disputed(world)).game.demand({ node: 1, height: 9, index: 0 }, outsider);

  // What it has delegated has earned something.
  await delegate(chain, world, outsider, 10n * TOKEN);
  const earned = fees.interface.encodeFunctionData("credit", [addresses.operator, ZeroAddress, 10_000n]);
  await sendAs(world, addresses.JobEscrow, await fees.getAddress(), earned, 10_000n);

  // The stake token gets hooks when it is armed, as a token does that is upgraded.
  await token.connect(chain.deployer).transfer(outsider, TOKEN);
  await token.connect(outsider).approve(staking, TOKEN);
  const hooked = await chain.ethers.provider.getCode(coin);
  const stakeToken = await chain.ethers.getContractAt("WeirdToken", token);

  // No estimate: that would be a run of its own.
  const gas = { gasLimit: 15_000_000n };
  const hook = () => coin.setHook(receiver, "0x", gas);
  const outlets: Outlet[] = [
    {
      name: "coins from the job escrow",
      guards: ["JobEscrow"],
      through: () => jobs.connect(outsider).withdrawTo(ZeroAddress, receiver, gas),
    },
    {
      name: "coins from the receipt escrow",
      guards: ["ReceiptEscrow"],
      through: () => receipts.connect(outsider).withdrawTo(ZeroAddress, receiver, gas),
    },
    {
      name: "coins from the challenge manager",
      guards: [],
      through: () => manager.connect(outsider).withdrawTo(receiver, gas),
    },
    {
      name: "a deposit from the registry",
      guards: [],
      through: () => registry.connect(outsider).withdrawDeposit(modelId, receiver, gas),
    },
    {
      name: "a delegator's fees",
      guards: [],
      through: () => fees.connect(outsider).collect(addresses.operator, 0, ZeroAddress, receiver, gas),
    },
    {
      name: "an auditor's pay",
      guards: ["AuditLottery"],
      through: () => lottery.connect(outsider).collect(auditor, ZeroAddress, gas),
    },
    {
      name: "an answer's delivery",
      guards: [],
      through: async () => jobs.connect(outsider).finalise(await terms(world, jobId), outputs, gas),
    },
    {
      name: "a hook of a token that leaves the job escrow",
      guards: ["JobEscrow"],
      arm: hook,
      through: () => jobs.connect(outsider).withdrawTo(coin, outsider, gas),
    },
    {
      name: "a hook of a token that comes to the receipt escrow",
      guards: ["ReceiptEscrow"],
      arm: hook,
      through: () => receipts.connect(outsider).deposit(reservation, 5n, gas),
      inPause: true,
    },
    {
      name: "a hook of the stake token",
      guards: ["OperatorStaking"],
      arm: async () => {
        await chain.networkHelpers.setCode(await token.getAddress(), hooked);
        await stakeToken.setHook(receiver, "0x", gas);
      },
      through: () => staking.connect(outsider).deposit(outsider, TOKEN, gas),
      inPause: true,
      plainToken: true,
    },
  ];
  return { outlets, receiver };
}
