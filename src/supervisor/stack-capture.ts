import type { Timers } from "../base/clock.ts";
import { readEnd, sizeOf } from "./log-files.ts";
import { STACK_DEADLINE_MS, STACK_FRAMES, STACK_POLL_MS } from "./limits.ts";

// A blocked event loop cannot tell where it is, but Node's inspector can: SIGUSR1 opens it even then, at an address that the process writes
// to its own log. Nothing of this costs anything until a process hangs; a watching thread in each would cost 9 MB.

const LOG_END_BYTES = 8_192;
const inspectorAddress = /Debugger listening on (ws:\/\/\S+)/;

/** The stack of a process' main thread, innermost frame first; null when it does not say (stopped, in native code, gone). */
export async function captureStack(pid: number, logPath: string, timers: Timers): Promise<readonly string[] | null> {
  const offset = sizeOf(logPath);
  try {
    process.kill(pid, "SIGUSR1");
  } catch {
    return null; // It has ended meanwhile.
  }
  const address = await pollAddress(logPath, offset, timers);
  return address === undefined ? null : await readStack(address, timers);
}

async function pollAddress(logPath: string, offset: number, timers: Timers): Promise<string | undefined> {
  for (let waitedMs = 0; waitedMs < STACK_DEADLINE_MS; waitedMs += STACK_POLL_MS) {
    const found = inspectorAddress.exec(readEnd(logPath, offset, LOG_END_BYTES))?.[1];
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => void timers.after(STACK_POLL_MS, resolve));
  }
  return undefined;
}

/** One conversation with the inspector: stop, look, go on. */
async function readStack(address: string, timers: Timers): Promise<readonly string[] | null> {
  const { WebSocket } = await import("ws"); // Only now: most servers never need it.
  const socket = new WebSocket(address);
  const urls = new Map<string, string>();
  const say = (id: number, method: string): void => socket.send(JSON.stringify({ id, method }));
  return await new Promise((resolve) => {
    const end = (stack: readonly string[] | null): void => {
      cancel();
      resolve(stack);
      socket.close();
    };
    const cancel = timers.after(STACK_DEADLINE_MS, () => end(null));
    socket.on("error", () => end(null));
    socket.on("open", () => {
      say(1, "Debugger.enable");
      say(2, "Debugger.pause");
    });
    socket.on("message", (data: Buffer) => {
      const message = inspectorMessage(data.toString("utf8"));
      if (message.method === "Debugger.scriptParsed") urls.set(message.params.scriptId, message.params.url);
      if (message.method !== "Debugger.paused") return;
      say(3, "Debugger.resume");
      end(message.params.callFrames.slice(0, STACK_FRAMES).map((frame) => frameText(frame, urls)));
    });
  });
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number };
}

type InspectorMessage =
  | { readonly method: "Debugger.scriptParsed"; readonly params: { readonly scriptId: string; readonly url: string } }
  | { readonly method: "Debugger.paused"; readonly params: { readonly callFrames: readonly CallFrame[] } }
  | { readonly method?: undefined };

function inspectorMessage(text: string): InspectorMessage {
  return JSON.parse(text) as InspectorMessage; // From Node's own inspector in a process that we have started.
}

function frameText({ functionName, url, location }: CallFrame, urls: ReadonlyMap<string, string>): string {
  const file = url === "" ? (urls.get(location.scriptId) ?? "") : url;
  return `${functionName || "(anonymous)"} ${file}:${location.lineNumber + 1}:${location.columnNumber + 1}`;
}
