/** A driver with one idle child, for tests of how children end. Prints the child's pid; ends well on SIGTERM. */
import { createChildren } from "../../src/sim/driver/children.js";

const children = createChildren(process.argv[2] ?? "");
const { pid } = children.start({ name: "idle", args: ["-e", "setInterval(() => {}, 1000)"], settings: {} });
process.on("SIGTERM", () => void children.stopAll().then(() => process.exit(0)));
setInterval(() => undefined, 1_000);
console.log(pid);
