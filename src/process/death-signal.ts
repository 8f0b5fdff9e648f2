import { execaSync } from "execa";

const wrapper = ["setpriv", "--pdeathsig", "KILL", "--"] as const;
let found: readonly string[] | undefined;

/**
 * What to put before the command of a child so that the system kills it with the thread that starts it, even when it hangs: setpriv of
 * util-linux, tried once. Empty where that does not exist; a child then only ends by itself, when its channel closes.
 */
export function deathSignal(): readonly string[] {
  found ??= isThere() ? wrapper : [];
  return found;
}

function isThere(): boolean {
  const [command, ...rest] = wrapper;
  return execaSync(command, [...rest, "true"], { reject: false, stdio: "ignore" }).exitCode === 0;
}
