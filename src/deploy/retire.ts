import { ZeroAddress } from "ethers";

import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";

/**
 * Ends the life of a deployment: every format it knows refuses new models from now on. Jobs, receipts and challenges about
 * models that are registered run as before, so nobody loses anything. Formats that are retired already stay so.
 */
export async function retireSuite({ registry }: Suite, sender: Sender): Promise<{ formats: number[] }> {
  const formats: number[] = [];
  // Formats are numbers from 0, and the first has never had an arbiter.
  for (let format = 1; (await registry.arbiterOf(format)) !== ZeroAddress; format++) {
    if (!(await registry.isRetired(format))) await sender.send(await registry.retireFormat.populateTransaction(format));
    formats.push(format);
  }
  return { formats };
}
