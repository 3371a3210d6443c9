import { readFileSync } from "node:fs";

import { expect } from "chai";

import { KERNELS, kernelFile, renderKernel } from "../../scripts/generate/kernels.js";

describe("WebAssembly kernels", () => {
  for (const kernel of KERNELS) {
    it(`${kernel.name}: compiling the source again gives the committed bytes`, async function () {
      this.timeout(120_000);
      expect((await renderKernel(kernel)) === readFileSync(kernelFile(kernel.name), "utf8")).to.equal(
        true,
        "the generated module is out of date: run tsx scripts/generate/kernels.ts",
      );
    });
  }
});
