import { execa } from "execa";

/**
 * What to put before the command of a child so that the system kills it with this process, even when it hangs: setpriv of util-linux. Empty
 * where that does not exist; a child then only ends by itself, when its channel closes.
 */
export async function findDeathSignal(): Promise<readonly string[]> {
  const wrapper = ["setpriv", "--pdeathsig", "KILL", "--"] as const;
  const [command, ...rest] = wrapper;
  const { exitCode } = await execa(command, [...rest, "true"], { reject: false, stdio: "ignore" });
  return exitCode === 0 ? wrapper : [];
}
