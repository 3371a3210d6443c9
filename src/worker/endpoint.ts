import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";

import { createHttp, HttpError, type HttpOptions } from "../http/server.js";
import { fromBinary, TENSORS_TYPE, toBinary } from "../receipts/binary.js";
import { binaryInferRequest, fromWire, inferRequest, offerRequest, wireOf, type Terms } from "../receipts/wire.js";
import type { InferService } from "./infer.js";
import { workerDocument } from "./openapi.js";

const modelPath = z.object({
  id: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/)
    .transform((text) => text.toLowerCase()),
});

/** Seconds that a client of x402 may take to pay; a voucher takes none. */
const PAY_SECONDS = 60;

/** The terms in the words of x402 (version 2, header `PAYMENT-REQUIRED`), for clients that know how to pay by it. */
function paymentRequired(url: string, { price, currency, escrow, operator, chainId, ...extra }: Terms): string {
  const accepted = {
    scheme: "touchstone-voucher",
    network: `eip155:${chainId}`,
    amount: price.toString(),
    asset: currency,
    payTo: operator,
    maxTimeoutSeconds: PAY_SECONDS,
    extra: { ...extra, escrow, lock: extra.lock.toString(), minDeposit: extra.minDeposit.toString() },
  };
  const required = { x402Version: 2, error: "A voucher is required.", resource: { url }, accepts: [accepted] };
  return Buffer.from(JSON.stringify(required)).toString("base64");
}

/** The operator's HTTP interface (docs/contracts/receipts.md, HTTP). */
export function createEndpoint(service: InferService, options: HttpOptions): FastifyInstance {
  async function infer(
    id: string,
    url: string,
    body: unknown,
    reply: FastifyReply,
    asBinary: boolean,
  ): Promise<unknown> {
    const asked = Buffer.isBuffer(body)
      ? fromWire(binaryInferRequest, fromBinary(body, "inputs"))
      : fromWire(inferRequest, body);
    try {
      const answer = await service.infer(id, asked);
      if (!asBinary) return { ...answer, outputs: answer.outputs.map(wireOf) };
      return await reply.type(TENSORS_TYPE).send(toBinary(answer, "outputs"));
    } catch (thrown) {
      if (thrown instanceof HttpError && thrown.status === 402) {
        reply.header("payment-required", paymentRequired(url, service.terms(id)));
      }
      throw thrown;
    }
  }

  return createHttp({ ...options, openapi: workerDocument }, (server) => {
    server.addContentTypeParser(TENSORS_TYPE, { parseAs: "buffer" }, (_request, body, done) => {
      done(null, body);
    });
    server.get("/v1/models", () => ({ models: service.models().map((id) => service.terms(id)) }));
    server.get("/v1/models/:id", (request) => service.terms(fromWire(modelPath, request.params).id));
    server.post("/v1/reservations", (request) => service.offer(fromWire(offerRequest, request.body).payer));

    server.post("/v1/models/:id/infer", (request, reply) => {
      const { id } = fromWire(modelPath, request.params);
      const asBinary = request.headers.accept === TENSORS_TYPE;
      return infer(id, request.url, request.body, reply, asBinary);
    });
  });
}
