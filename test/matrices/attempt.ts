import { Interface, isHexString, toBeHex } from "ethers";

import type { EntryPoint, Ready } from "./entry-point.js";
import type { World } from "./world.js";

/** What refuses a call that reverts without data. */
export const SILENT = "no data";

/** Errors of all contracts, libraries and tokens that a call may meet. */
function errorsOf({ contracts, coin, token, verifier }: World): Interface {
  const all = [...Object.values(contracts), coin, token, verifier].flatMap(({ interface: { fragments } }) =>
    fragments.filter(({ type }) => type === "error").map((fragment) => fragment.format("full")),
  );
  return new Interface([...new Set(all)]);
}

export const dataOf = ({ contracts }: World, { contract, name }: EntryPoint, { args }: Ready): string =>
  contracts[contract].interface.encodeFunctionData(name, args);

export const targetOf = async ({ contracts }: World, { contract }: EntryPoint, { target }: Ready): Promise<string> =>
  target ?? contracts[contract].getAddress();

/** Who makes the scene's call, of those who may. */
export const callerOf = ({ addresses }: World, { may }: EntryPoint, { by }: Ready): string =>
  by ?? addresses[may === "anybody" ? "stranger" : may[0]!];

/** Lets time pass until the first second at which the call is taken. */
export async function passEdge({ chain }: World, { edge }: Ready): Promise<void> {
  if (edge === undefined || edge.kind === "until") return;
  await chain.networkHelpers.time.increaseTo(BigInt(edge.at) + (edge.kind === "after" ? 1n : 0n));
}

/** Makes a call without sending it, in the block that comes next; resolves with the error that refuses it. */
export async function refusalOf(world: World, point: EntryPoint, ready: Ready, from: string, time?: bigint | number) {
  const { provider } = world.chain.ethers;
  const call = {
    from,
    to: await targetOf(world, point, ready),
    data: dataOf(world, point, ready),
    value: toBeHex(ready.value ?? 0n).replace(/^0x0+(?=.)/, "0x"),
  };
  if (time !== undefined) await world.chain.networkHelpers.time.setNextBlockTimestamp(time);
  try {
    await provider.send("eth_call", [call, "pending", { [from]: { balance: "0x3635c9adc5dea00000" } }]);
    return undefined;
  } catch (error) {
    const data = (error as { data?: unknown }).data;
    const bytes = typeof data === "object" && data !== null ? (data as { data?: unknown }).data : data;
    if (!isHexString(bytes)) throw error;
    return bytes === "0x" ? SILENT : (errorsOf(world).parseError(bytes)?.name ?? bytes);
  }
}
