import type { Request } from "./isolated.js";
import { answer } from "./session-server.js";

/* Native sessions in a process of their own: a file or an input that makes ONNX Runtime end its process ends this one. */

process.on("message", (request: Request) => {
  void answer(request).then((reply) => process.send?.(reply));
});
// Whoever asked is gone, by whatever end.
process.on("disconnect", () => process.exit(0));
