import { expect } from "chai";
import fc from "fast-check";

import type { Tensor } from "../../src/audit/graph.js";
import { createRandom, generateInput } from "../../src/calibrate/inputs.js";
import { createRuntimePool } from "../../src/runtime/pool.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { createSessions } from "../../src/runtime/sessions.js";
import { assertAsyncProperty } from "../support/fuzz.js";
import { f32 } from "../support/onnx-model.js";
import { NOISE, openModel } from "../support/open-model.js";

/** A session that doubles, refuses negative numbers, and keeps the rows of its runs. */
function doubling(runs: number[], pause: () => Promise<void> = () => Promise.resolve()): Runtime {
  return {
    label: "doubling",
    run: async ([x]) => {
      runs.push(x!.shape[0]!);
      await pause();
      if ([...x!.data].some((v) => v < 0)) throw new Error("negative");
      return [{ ...x!, data: Float32Array.from([...x!.data].map((v) => 2 * Number(v))) }];
    },
    release: () => Promise.resolve(),
  };
}

const codeOf = (thrown: unknown): string => (thrown as { code: string }).code;

describe("sessions", () => {
  it("run at once while one is idle, and together what had to wait", async () => {
    const runs: number[] = [];
    const sessions = await createSessions(() => Promise.resolve(doubling(runs)), { sessions: 2, batch: 3 });
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((v) => sessions.run([f32([v], [1, 1])])));
    expect(answers.map(([y]) => [...y!.data])).to.deep.equal([[2], [4], [6], [8], [10], [12]]);
    expect(runs).to.deep.equal([1, 1, 3, 1]);
  });

  it("stack nothing where a model does not allow it, or where requests have other shapes", async () => {
    const runs: number[] = [];
    const single = await createSessions(() => Promise.resolve(doubling(runs)), { sessions: 1, batch: 1 });
    await Promise.all([1, 2, 3].map((v) => single.run([f32([v], [1, 1])])));
    expect(runs).to.deep.equal([1, 1, 1]);
    const three = await createSessions(() => Promise.resolve(doubling(runs)), { sessions: 1, batch: 3 });
    const shapes = [[1], [1], [2], [1]];
    const answers = await Promise.all(shapes.map(([n = 1]) => three.run([f32(new Array<number>(n).fill(n), [1, n])])));
    expect(answers.map(([y]) => y!.shape)).to.deep.equal([
      [1, 1],
      [1, 1],
      [1, 2],
      [1, 1],
    ]);
    expect(runs.slice(3)).to.deep.equal([1, 1, 1, 1]);
  });

  it("give each of any requests its own answer, and each failure to the one that failed", async () => {
    await assertAsyncProperty(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -2, max: 9 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 7 }),
        fc.scheduler(),
        async (values, count, batch, scheduler) => {
          const runs: number[] = [];
          const pause = (): Promise<void> => scheduler.schedule(Promise.resolve());
          const sessions = await createSessions(() => Promise.resolve(doubling(runs, pause)), {
            sessions: count,
            batch,
          });
          const asked = values.map((v) => sessions.run([f32([v, v], [1, 2])]));
          const settled = Promise.allSettled(asked);
          const released = sessions.release();
          await scheduler.waitFor(settled);
          (await settled).forEach((each, i) => {
            const v = values[i]!;
            if (v < 0) expect(each.status).to.equal("rejected");
            else expect(each).to.deep.equal({ status: "fulfilled", value: [f32([2 * v, 2 * v], [1, 2])] });
          });
          expect(Math.max(...runs)).to.be.at.most(batch);
          await released;
          expect(codeOf(await sessions.run([]).catch((thrown: unknown) => thrown))).to.equal("RUNTIME_RELEASED");
        },
      ),
      200,
    );
  });

  it("end those that were opened where one can't be", async () => {
    let [opened, released] = [0, 0];
    const open = (): Promise<Runtime> => {
      if (++opened === 2) return Promise.reject(new Error("no memory"));
      const release = (): Promise<void> => {
        released++;
        return Promise.resolve();
      };
      return Promise.resolve({ ...doubling([]), release });
    };
    const thrown: unknown = await createSessions(open, { sessions: 3, batch: 1 }).catch((error: unknown) => error);
    expect([(thrown as Error).message, released]).to.deep.equal(["no memory", 2]);
  });

  it("of a real model, each on its own thread, answer batches within the noise of single answers", async function () {
    this.timeout(60_000);
    const model = await openModel();
    const settings = { engine: "native", provider: "cpu", threads: 1, optimisation: "all" } as const;
    const alone = await createRuntimePool(settings)(model);
    const sessions = await createRuntimePool({ ...settings, sessions: 2, batch: 8 })(model);
    expect([alone.batch, sessions.batch]).to.deep.equal([1, 8]);
    expect(sessions.label).to.include("sessions=2 batch=8");
    const random = createRandom(11);
    const requests = Array.from({ length: 100 }, () => [generateInput(model.graph.inputs[0]!, "random", random)]);
    const answers = await Promise.all(requests.map((inputs) => sessions.run(inputs)));
    const wrong: readonly Tensor[] = [f32([1], [1, 1])];
    expect(await sessions.run(wrong).catch(() => "refused")).to.equal("refused");
    for (const [i, inputs] of requests.entries()) {
      const [expected] = await alone.run(inputs);
      expect(answers[i]![0]!.shape).to.deep.equal(expected!.shape);
      expected!.data.forEach((v, k) => expect(Number(answers[i]![0]!.data[k])).to.be.closeTo(Number(v), NOISE / 10));
    }
    await Promise.all([alone.release(), sessions.release()]);
  });
});
