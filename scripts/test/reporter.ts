/** Mocha's `spec`, and after it a line for each failed test with its file. */
import Mocha, { type MochaOptions, type Runner } from "mocha";

import { writeFailedTest } from "./unsteady.js";

class Reporter extends Mocha.reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      for (const test of this.failures) console.log(writeFailedTest(test.file, test.fullTitle()));
    });
  }
}

// Mocha takes reporters by require().
export { Reporter as "module.exports" };
