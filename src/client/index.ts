/**
 * The client, for Node and browsers: `import { createClient } from "touchstone/client"`. What stands here is the whole of what is
 * published; `snapshots/client.json` holds it.
 */
export type { Tensor } from "../audit/graph.js";
export { tensorFromBytes } from "../audit/bytes.js";
export type { Deployment } from "../chain/deployment.js";
export { createSender, type Sender } from "../chain/sender.js";
export { connectSuite, createProvider, type Suite } from "../chain/suite.js";
export { TouchstoneError } from "../errors.js";
export { isClear, type Tolerance } from "./ambiguity.js";
export { type Answer, type Client, type ClientOptions, createClient, type Question } from "./client.js";
export { type ForcedAnswer, forceAnswer } from "./force.js";
export { type ClientModel, type ClientState, infer, type InferRequest, type InferResult } from "./infer.js";
export { createMemory } from "./memory.js";
export { askEndpoints, type EndpointOffer, findOperators, type OnChainOffer } from "./operators.js";
export { collectRefunds, type Refund } from "./refunds.js";
export { type JobRequest, requestJob } from "./request.js";
export { sendReceipt } from "./watcher.js";
