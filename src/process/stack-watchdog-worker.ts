import { writeSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { workerData } from "node:worker_threads";

const LOOK_MS = 1_000;
/** Silence of the main thread before its stack is written down; a second look at the same stall would say the same. */
const SILENCE_MS = 3_000;
const FRAMES = 30;
const STDERR = 2;

const beats: unknown = workerData;
if (!(beats instanceof Int32Array)) throw new Error("the watchdog needs the counter of the main thread");
const counter = beats;

let seen = Atomics.load(counter, 0);
let silentMs = 0;

function look(): void {
  const now = Atomics.load(counter, 0);
  silentMs = now === seen ? silentMs + LOOK_MS : 0;
  seen = now;
  if (silentMs === SILENCE_MS) void writeStack();
  setTimeout(look, LOOK_MS);
}
setTimeout(look, LOOK_MS);

async function writeStack(): Promise<void> {
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.once("Debugger.paused", ({ params }) => {
    const stack = params.callFrames
      .slice(0, FRAMES)
      .map(
        ({ functionName, location }) =>
          `${functionName || "(anonymous)"} ${urls.get(location.scriptId) ?? ""}:${location.lineNumber + 1}`,
      );
    const line = {
      level: "error",
      time: new Date().toISOString(),
      pid: process.pid,
      msg: "the event loop is blocked",
      stack,
    };
    writeSync(STDERR, `${JSON.stringify(line)}\n`);
    void session.post("Debugger.resume").then(() => session.disconnect());
  });
  await session.post("Debugger.enable");
  await session.post("Debugger.pause");
}
