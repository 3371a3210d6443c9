import { openApi } from "../receipts/openapi.js";
import { receiptSubmission, submissionAnswer } from "../receipts/wire.js";

/** The watcher's HTTP interface, as `GET /openapi.json` gives it. */
export const watcherDocument = openApi("Touchstone watcher", [
  {
    ...{ method: "post", path: "/v1/receipts", summary: "a receipt to check, with the bytes it speaks of" },
    body: receiptSubmission,
    answers: {
      202: { description: "kept, to be checked", schema: submissionAnswer },
      404: { description: "the model is not watched here" },
      422: { description: "the receipt speaks of other bytes, or would be no claim" },
      503: { description: "too many receipts wait" },
    },
  },
]);
