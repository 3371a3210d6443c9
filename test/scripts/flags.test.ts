import { expect } from "chai";

import { whole } from "../../scripts/support/flags.js";

describe("options of scripts", () => {
  it("take whole numbers from 1 to the most, and nothing else", () => {
    const minutes = whole("minutes", 60);
    expect([minutes("1"), minutes("60")]).to.deep.equal([1, 60]);
    for (const text of ["0", "61", "-1", "1.5", "", "x"])
      expect(() => minutes(text), text).to.throw(`--minutes is ${text}`);
  });
});
