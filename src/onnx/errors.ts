import { TouchstoneError } from "../errors.js";

/** Malformed bytes, a limit exceeded, something this project does not read, or a file of external data that is missing. */
export type OnnxErrorCode = "ONNX_MALFORMED" | "ONNX_LIMIT" | "ONNX_UNSUPPORTED" | "ONNX_EXTERNAL_DATA";

/** A file that cannot be read. Never retryable: the same bytes fail again. */
export class OnnxError extends TouchstoneError {
  declare readonly code: OnnxErrorCode;
  declare readonly next: string;

  constructor(code: OnnxErrorCode, message: string, options: { next: string; cause?: unknown }) {
    super(code, message, options);
    this.name = "OnnxError";
  }
}

/** Shorthand for bytes that are no ONNX model. */
export function malformed(message: string, cause?: unknown): OnnxError {
  return new OnnxError("ONNX_MALFORMED", message, {
    next: "Export the model again, or look at it with onnx.checker.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Shorthand for a file beyond what the reader accepts. */
export function beyondLimit(message: string): OnnxError {
  return new OnnxError("ONNX_LIMIT", message, {
    next: "Use a smaller model; ordinary files stay far from this limit.",
  });
}
