import type { FastifyInstance } from "fastify";
import { z } from "zod";

import { createHttp, type HttpOptions } from "../http/server.js";
import { fromWire, inferRequest, offerRequest } from "../receipts/wire.js";
import type { InferService } from "./infer.js";

const modelPath = z.object({
  id: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/)
    .transform((text) => text.toLowerCase()),
});

/** The operator's HTTP interface (docs/contracts/receipts.md, HTTP). */
export function createEndpoint(service: InferService, options: HttpOptions): FastifyInstance {
  const server = createHttp(options);
  server.get("/v1/models/:id", (request) => service.terms(fromWire(modelPath, request.params).id));
  server.post("/v1/reservations", (request) => service.offer(fromWire(offerRequest, request.body).payer));
  server.post("/v1/models/:id/infer", (request) => {
    const { id } = fromWire(modelPath, request.params);
    const { voucher, ...rest } = fromWire(inferRequest, request.body);
    return service.infer(id, voucher === undefined ? rest : { ...rest, voucher });
  });
  return server;
}
