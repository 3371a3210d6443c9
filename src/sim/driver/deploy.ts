import { readDeployment, type Deployment } from "../../chain/deployment.js";
import { TouchstoneError } from "../../errors.js";
import type { Children } from "./children.js";
import type { LocalChain } from "./local-chain.js";

/**
 * Deploys the suite with `scripts/deploy.ts`, as anybody would, and reads the address book that it writes.
 * @throws TouchstoneError `DEPLOY_FAILED`.
 */
export async function deploySuite(children: Children, chain: LocalChain, book: string): Promise<Deployment> {
  const child = children.start({
    name: "deploy",
    args: [
      "node_modules/hardhat/dist/src/cli.js",
      "run",
      "--no-compile",
      "scripts/deploy.ts",
      "--network",
      "localhost",
    ],
    settings: { TOUCHSTONE_RPC_URL: chain.rpcUrl, TOUCHSTONE_DEPLOYMENT: book },
  });
  const how = await child.ended;
  if (how !== "0") {
    throw new TouchstoneError("DEPLOY_FAILED", `The deployment ended with ${how}.`, {
      next: "Its log file says why. `npm run setup` compiles the contracts again.",
    });
  }
  return readDeployment(book, chain.chainId);
}
