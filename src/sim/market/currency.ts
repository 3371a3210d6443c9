import type { JsonRpcProvider } from "ethers";

import { TestToken__factory } from "../../../typechain-types/index.js";
import type { World } from "../driver/world.js";

/** The first account of a development chain deploys the suite and governs it. */
const governorOf = (provider: JsonRpcProvider) => provider.getSigner(0);

/**
 * Lets fees be paid in one more token, as governance would: a token with permits, of which `holder` has `supply`.
 * @returns the token's address
 */
export async function listFeeToken(
  { provider, suite, actors }: World,
  { holder, supply }: { readonly holder: string; readonly supply: bigint },
): Promise<string> {
  const governor = await governorOf(provider);
  actors.introduce("governor", governor.address);
  const token = await new TestToken__factory(governor).deploy(holder, supply, 0n, 0n);
  await token.waitForDeployment();
  const address = await token.getAddress();
  const listed = await suite.hub.connect(governor).addCurrency(address);
  await listed.wait();
  return address;
}
