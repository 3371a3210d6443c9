import { expect } from "chai";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** The smallest useful ONNX file, `y = Identity(x)` on two floats, byte by byte: this test must depend on nothing else. */
const identityModel = Buffer.from(
  [
    "0808", // ModelProto.ir_version = 8
    "3a37", // ModelProto.graph, 55 bytes
    "0a10" + "0a0178" + "120179" + "22084964656e74697479", // node: x -> y by "Identity"
    "120167", // graph name "g"
    "5a0f" + "0a0178" + "120a0a08080112040a020802", // input x: float[2]
    "620f" + "0a0179" + "120a0a08080112040a020802", // output y: float[2]
    "4202100d", // opset 13
  ].join(""),
  "hex",
);

describe("onnxruntime-node", () => {
  it("creates a session and runs it", async () => {
    const session = await InferenceSession.create(identityModel);
    const { y } = await session.run({ x: new Tensor("float32", [1.5, -2], [2]) });
    expect([...(y?.data as Float32Array)]).to.deep.equal([1.5, -2]);
  });
});
