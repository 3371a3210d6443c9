/**
 * Ends the processes of a driver that is gone, however it went: a kill -9 leaves the driver no time to do it itself. The
 * driver holds this process's standard input and names children on it, `+pid` when one starts and `-pid` when one has ended;
 * the end of the input is the end of the driver. Runs on plain Node: no imports, erasable types only.
 */
const children = new Set<number>();
let rest = "";

process.stdin.setEncoding("utf8").on("data", (text: string) => {
  const lines = (rest + text).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line.startsWith("+")) children.add(pid);
    else children.delete(pid);
  }
});

process.stdin.on("end", () => {
  for (const pid of children) {
    try {
      // Children lead their own process groups; this ends what they started as well.
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  process.exit(0);
});
