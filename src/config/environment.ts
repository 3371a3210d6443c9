/**
 * Environment for a child process: this process's own, without the suite's settings, and `settings` instead. So a role that
 * a driver starts has its own key and never the driver's.
 */
export function childEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !pair[0].startsWith("TOUCHSTONE_"),
  );
  return { ...Object.fromEntries(kept), ...settings };
}
