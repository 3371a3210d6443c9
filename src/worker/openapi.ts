import { TENSORS_TYPE } from "../receipts/binary.js";
import { openApi } from "../receipts/openapi.js";
import { inferAnswer, inferRequest, modelList, offerAnswer, offerRequest, terms } from "../receipts/wire.js";

const modelId = {
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string", pattern: "^0x[0-9a-fA-F]{64}$" },
  description: "the model's registration",
};

/** The worker's HTTP interface, as `GET /openapi.json` gives it. */
export const workerDocument = openApi("Touchstone worker", [
  {
    ...{ method: "get", path: "/v1/models", summary: "what is served, and on which terms" },
    answers: { 200: { description: "terms of each model", schema: modelList } },
  },
  {
    ...{ method: "get", path: "/v1/models/{id}", summary: "terms of one model", parameters: [modelId] },
    answers: {
      200: { description: "price, stake behind an answer, contract", schema: terms },
      404: { description: "not served" },
    },
  },
  {
    ...{ method: "post", path: "/v1/reservations", summary: "an offer to accept on-chain", body: offerRequest },
    answers: { 200: { description: "a signed offer, good for ten minutes", schema: offerAnswer } },
  },
  {
    ...{
      method: "post",
      path: "/v1/models/{id}/infer",
      summary: "a paid answer, with its receipt",
      parameters: [modelId],
    },
    body: inferRequest,
    otherBodies: {
      [TENSORS_TYPE]: "length of a header (4 bytes), the message without tensors' data, the tensors' bytes",
    },
    answers: {
      200: { description: "outputs and receipt", schema: inferAnswer },
      402: {
        description: "no voucher, or one that does not pay; terms in `error` and in the header PAYMENT-REQUIRED (x402)",
      },
      409: { description: "the reservation has ended or is not known yet, or the request id is used" },
      422: { description: "an input lies outside the model's domain" },
      429: { description: "too many requests of this address" },
      503: { description: "busy, or the model is in maintenance; see Retry-After" },
    },
  },
]);
