/** What a web page does with the client: everything from its published entry point. */
import { Wallet } from "ethers";

import {
  connectSuite,
  createClient,
  createMemory,
  createProvider,
  createSender,
  type ClientModel,
  type Deployment,
  type Tensor,
} from "../../src/client/index.js";

interface Asked {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly modelId: string;
  readonly privateKey: string;
  readonly endpoint: string;
  readonly graph: ClientModel["graph"];
  readonly image: { readonly dtype: "f32"; readonly shape: number[]; readonly data: number[] };
  readonly price: string;
  readonly deposit: string;
}

async function buy(asked: Asked): Promise<{ by: string; spent: string; scores: number[] }> {
  const suite = connectSuite(createProvider(asked.rpcUrl), asked.deployment);
  const signer = new Wallet(asked.privateKey, suite.provider);
  const client = createClient({
    ...{ suite, signer, sender: createSender({ provider: suite.provider, signer, errors: suite.abi }) },
    ...{ state: createMemory(), model: () => Promise.resolve({ graph: asked.graph }) },
    ...{ cap: BigInt(asked.price), pollMs: 200, log: { info: () => undefined, warn: () => undefined } },
  });
  const { dtype, shape, data } = asked.image;
  const image: Tensor = { dtype, shape, data: Float32Array.from(data) };
  const answer = await client.ask({
    ...{ modelId: asked.modelId, inputs: [image], endpoints: [new URL(asked.endpoint)], watchers: [] },
    ...{ maxPrice: BigInt(asked.price), deposit: BigInt(asked.deposit) },
  });
  return { by: answer.by, spent: String(client.spent()), scores: [...(answer.outputs[0]?.data ?? [])].map(Number) };
}

Object.assign(globalThis, { buy });
