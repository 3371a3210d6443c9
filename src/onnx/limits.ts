/** Bounds on what the reader accepts, so that a hostile file costs bounded time and memory. */
export interface OnnxLimits {
  /** Bytes of the model file. */
  readonly fileBytes: number;
  /** Protobuf messages in the file: nodes, attributes, tensors, shapes, ... */
  readonly messages: number;
  /** Nesting of messages; every level of subgraph takes three. */
  readonly depth: number;
  /** Elements of repeated numbers that are not stored as raw bytes. */
  readonly values: number;
  /** Elements of one tensor (docs/audit.md, 2). */
  readonly tensorElements: number;
  readonly rank: number;
}

export const DEFAULT_LIMITS: OnnxLimits = {
  fileBytes: 2 ** 31 - 1,
  messages: 4_000_000,
  depth: 60,
  values: 128 * 2 ** 20,
  tensorElements: 2 ** 31 - 1,
  rank: 64,
};
