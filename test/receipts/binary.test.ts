import { expect } from "chai";

import { fromBinary, toBinary } from "../../src/receipts/binary.js";
import { rawTensorOf } from "../../src/receipts/wire.js";

describe("binary messages", () => {
  const tensors = [
    { dtype: "f32", shape: [2, 2], data: Float32Array.of(1, -2, 0.5, NaN) },
    { dtype: "u8", shape: [3], data: Uint8Array.of(1, 2, 255) },
    { dtype: "i64", shape: [1], data: BigInt64Array.of(-5n) },
  ] as const;
  const inputs = tensors.map(rawTensorOf);
  const message = { requestId: "0x01", inputs };
  const whole = toBinary(message, "inputs");

  it("come back as they were, with bytes that are those committed", () => {
    const back = fromBinary(whole, "inputs") as typeof message;
    expect(back.requestId).to.equal("0x01");
    expect(back.inputs.map(({ dtype, shape, data }) => ({ dtype, shape, data: [...data] }))).to.deep.equal(
      inputs.map(({ dtype, shape, data }) => ({ dtype, shape, data: [...data] })),
    );
    expect(Buffer.from(back.inputs[0]!.data).toString("hex")).to.equal("3f800000c00000003f0000007fc00000");
  });

  it("are refused at every wrong length, and with any header that is none", () => {
    const codeOf = (bytes: Uint8Array): string => {
      try {
        fromBinary(bytes, "inputs");
        return "none";
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    };
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(whole.subarray(0, length)), String(length)).to.equal("BODY_INVALID");
    }
    expect(codeOf(Buffer.concat([whole, Buffer.of(0)]))).to.equal("BODY_INVALID");
    const withHeader = (header: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(header.length);
      return Buffer.concat([length, Buffer.from(header)]);
    };
    const shapes = ["[-1]", "[1e300]", '["a"]', "null", "[0.5]"].map(
      (shape) => `{"inputs":[{"dtype":"f32","shape":${shape}}]}`,
    );
    for (const header of [
      "null",
      "{",
      "[]",
      "{}",
      '{"inputs":{}}',
      '{"inputs":[null]}',
      '{"inputs":[{"dtype":"f99","shape":[1]}]}',
      ...shapes,
    ]) {
      expect(codeOf(withHeader(header)), header).to.equal("BODY_INVALID");
    }
  });
});
