import { beforeEach, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { diff } from "../../src/protocol/patch.ts";
import type { RunView } from "../../src/protocol/views.ts";
import type { CommandOptions } from "../support/cli-build.ts";
import { E, apiError } from "../support/scripted-api.ts";
import { useCommandLine } from "./command-rig.ts";
import { failed, queued, run, running, startedAt, step } from "./run-tree/views.ts";

// `coflux run` and `coflux runs watch` against a run that is told over the topics socket, and a socket that breaks.

const { api, coflux } = useCommandLine();

const views: readonly RunView[] = [
  run([step(1, "greet", null, [queued])], { status: "queued" }),
  run([step(1, "greet", null, [running]), step(2, "add", 1, [running], [2, 3])]),
  run([step(1, "greet", null), step(2, "add", 1, [{}], [2, 3])], {
    status: "succeeded",
    completedAt: startedAt + 400,
  }),
];
const broken = run(
  [step(1, "greet", null, [failed("bad row", "ExecutionError")]), step(2, "add", 1, [failed("bad row")])],
  { status: "failed", completedAt: startedAt + 400 },
);

const failure = { type: "TypeError", message: "bad row", stack: "", frames: [] };

const say = (socket: WebSocket, ...message: unknown[]): void => socket.send(JSON.stringify(message));

/** Tells these views as a server does: the first as a value, the others as patches. */
function tell(socket: WebSocket, told: readonly RunView[]): void {
  for (const [index, view] of told.entries()) {
    if (index === 0) say(socket, "value", 1, 1, view);
    else say(socket, "patch", 1, index + 1, diff(told[index - 1], view));
  }
}

const result = (body: object): void => api().answer(`GET ${E}/runs/Rbcdfghj/result`, [200, body]);
const started = { runId: "Rbcdfghj", stepId: "Rbcdfghj:1", executionId: "Rbcdfghj:1:1" };

beforeEach(() => {
  api().answer(`POST ${E}/runs`, [201, started]);
  result({ status: "succeeded", value: 5 });
});

test("a run is followed to its end: its states on stderr, its result on stdout", async () => {
  const topics: string[] = [];
  api().onTopic((socket, topic) => {
    topics.push(topic);
    tell(socket, views);
  });
  const { code, stdout, stderr } = await coflux("run flows/greet Joe");
  expect([code, stdout]).toEqual([0, "5\n"]);
  expect(topics).toEqual(["run/Rbcdfghj"]);
  expect(stderr.split("\n").map((line) => line.replace(/^\S+ /, ""))).toEqual([
    "Rbcdfghj:1:1 flows/greet queued",
    "Rbcdfghj:1:1 flows/greet running",
    "Rbcdfghj:2:1 flows/add running",
    "Rbcdfghj:2:1 flows/add succeeded in 0.3s",
    "Rbcdfghj:1:1 flows/greet succeeded in 0.3s",
    "",
  ]);
});

test.each(["--json", "-q", "--progress none"])("with %s nothing but the result is printed", async (flag) => {
  api().onTopic((socket) => tell(socket, views));
  expect(await coflux(`run flows/greet ${flag}`)).toEqual({ code: 0, stdout: "5\n", stderr: "" });
});

test("a workflow that returns nothing prints nothing, but for programs", async () => {
  result({ status: "succeeded", value: { $: "undefined" } });
  api().onTopic((socket) => tell(socket, views));
  expect(await coflux("run flows/greet -q")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await coflux("run flows/greet --json")).stdout).toBe('{"$":"undefined"}\n');
});

test("the tree is drawn in place, and its last state stays", async () => {
  api().onTopic((socket) => tell(socket, views));
  const { stderr } = await coflux("runs watch Rbcdfghj --progress tree", {
    variables: { COFLUX_URL: api().url, LANG: "C.UTF-8" },
  });
  expect(stderr).toContain("\u001b[?25l");
  expect(stderr.endsWith("\u001b[?25h")).toBe(true);
  expect(stderr).toContain("└─ ✓ add 2, 3");
  expect(stderr).toContain("2 steps · 2 done");
});

describe("the socket", () => {
  /** Until then the environment is away. */
  const resultOnce = (isBack: () => boolean): void => {
    const away = apiError(503, "environment_unavailable", "it restarts");
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, () => (isBack() ? [200, { status: "succeeded", value: 5 }] : away));
  };

  test("that breaks is opened again", async () => {
    let opened = 0;
    api().onTopic((socket) => {
      opened += 1;
      tell(socket, opened === 1 ? views.slice(0, 2) : views);
      if (opened === 1) socket.close(1012);
    });
    resultOnce(() => opened === 2);
    expect(await coflux("runs watch Rbcdfghj")).toMatchObject({ code: 0, stdout: "5\n" });
    expect(opened).toBe(2);
  });

  test("that leaves out a change is asked anew", async () => {
    let opened = 0;
    api().onTopic((socket) => {
      opened += 1;
      if (opened > 1) return tell(socket, views);
      tell(socket, views.slice(0, 1));
      say(socket, "patch", 1, 3, []);
    });
    resultOnce(() => opened === 2);
    expect(await coflux("runs watch Rbcdfghj")).toMatchObject({ code: 0, stdout: "5\n" });
    expect(opened).toBe(2);
  });

  test("that stays away is made up for by asking", async () => {
    let asked = 0;
    api().onTopic((socket) => socket.close(1013));
    api().answer(`GET ${E}/runs/Rbcdfghj`, () => [200, views[Math.min(2, asked)]]);
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, () =>
      ++asked < 3 ? [200, { status: "pending" }] : [200, { status: "succeeded", value: 5 }],
    );
    const { code, stdout, stderr } = await coflux("runs watch Rbcdfghj");
    expect([code, stdout]).toEqual([0, "5\n"]);
    expect(stderr).toContain("Rbcdfghj:2:1 flows/add running");
    expect(stderr).toContain("Rbcdfghj:2:1 flows/add succeeded");
  });

  test("that never tells of a run too large to show is no reason to miss its end", async () => {
    let asked = 0;
    api().onTopic((socket) => say(socket, "error", 1, { code: "overloaded", message: "it takes too long" }));
    api().answer(`GET ${E}/runs/Rbcdfghj`, apiError(503, "overloaded", "it takes too long"));
    api().answer(`GET ${E}/runs/Rbcdfghj/result`, () =>
      ++asked < 3 ? [200, { status: "pending" }] : [200, { status: "failed", error: failure }],
    );
    const { code, stderr } = await coflux("runs watch Rbcdfghj");
    expect(code).toBe(10);
    expect(stderr).toContain("TypeError: bad row");
  });

  test("that says the environment is away for now is not believed for ever", async () => {
    let opened = 0;
    api().onTopic((socket) => {
      opened += 1;
      if (opened === 1) say(socket, "error", 1, { code: "environment_unavailable", message: "it restarts" });
      else tell(socket, views);
    });
    resultOnce(() => opened === 2);
    expect(await coflux("runs watch Rbcdfghj")).toMatchObject({ code: 0, stdout: "5\n" });
  });

  test("that does not know the run ends the command with 3", async () => {
    api().onTopic((socket) => say(socket, "error", 1, { code: "run_not_found", message: "there is no run Rbcdfghj" }));
    const { code, stdout, stderr } = await coflux("runs watch Rbcdfghj");
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("there is no run Rbcdfghj");
  });
});

describe("a run that does not succeed", () => {
  const frame = { function: "parse", file: "flows.ts", line: 7, column: 9, code: "throw it;", inApp: true };
  const error = { type: "TypeError", message: "bad row", stack: "", frames: [frame] };
  const cause = broken.steps[1]?.executions[0];
  const view = run(
    broken.steps.map((one, index) =>
      index === 0 || !cause ? one : { ...one, executions: [{ ...cause, result: { status: "failed", error } }] },
    ),
    { status: "failed" },
  );

  /** These, a run or one of its steps, have lines of log. */
  const logged = (...places: readonly string[]): void =>
    api().answer(`GET ${E}/runs/Rbcdfghj/logs`, ({ query }) => {
      const logs = places.includes(query["step"] ?? "Rbcdfghj") ? [{}] : [];
      return [200, { logs, cursor: null }];
    });
  beforeEach(() => logged("Rbcdfghj", "Rbcdfghj:2"));

  test.each([
    [["Rbcdfghj"], ["coflux logs Rbcdfghj"]],
    [[], []],
  ])("names a log only where there is one: %j", async (places, hints) => {
    logged(...places);
    api().onTopic((socket) => tell(socket, [view]));
    result({ status: "failed", error });
    const { stderr } = await coflux("run flows/greet --progress none");
    expect(stderr.split("\n").filter((line) => line.includes("coflux logs"))).toEqual(hints.map((hint) => `  ${hint}`));
  });

  test("is explained by its root cause, with what to type next", async () => {
    api().onTopic((socket) => tell(socket, [view]));
    result({ status: "failed", error });
    const { code, stdout, stderr } = await coflux("run flows/greet --progress none");
    expect([code, stdout]).toEqual([10, ""]);
    expect(stderr).toBe(
      [
        "error: run Rbcdfghj failed in flows/add (Rbcdfghj:2:1)",
        "  TypeError: bad row",
        "      flows.ts:7:9  parse",
        "        throw it;",
        "  coflux logs Rbcdfghj:2",
        "  coflux runs rerun Rbcdfghj:1",
        "",
      ].join("\n"),
    );
  });

  test("with a TypeError says what was given as something else than a string", async () => {
    api().onTopic((socket) => tell(socket, [view]));
    result({ status: "failed", error });
    const { stderr } = await coflux("run flows/greet 7 Joe null [1] --progress none");
    const advice = `7 was given as a number; as a string it is '"7"'\n  null was given as null; as a string it is '"null"'\n`;
    expect(stderr).toContain(`  ${advice}  coflux logs Rbcdfghj:2\n`);
  });

  test("is one JSON error with --json", async () => {
    api().onTopic((socket) => tell(socket, [view]));
    result({ status: "failed", error });
    const { code, stderr } = await coflux("run flows/greet --json");
    expect(code).toBe(10);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "run_failed", details: { runId: "Rbcdfghj", execution: "Rbcdfghj:2:1", result: { error } } },
    });
  });

  test.each([
    ["cancelled", { status: "cancelled" }, 11, "was cancelled"],
    ["timed_out", { status: "timed_out" }, 12, "timed out"],
    ["abandoned", { status: "abandoned", reason: "the agent is gone" }, 12, "was abandoned in flows/greet"],
  ] as const)("ends with its exit code when it was %s", async (status, ended, code, words) => {
    const last = run([step(1, "greet", null, [{ status, result: ended }])], { status });
    api().onTopic((socket) => tell(socket, [last]));
    result(ended);
    const end = await coflux("run flows/greet");
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toContain(words);
  });
});

describe("Ctrl-C", () => {
  /** Signals once the command has said that the run is running, and again when it says so. */
  const interrupting = (again?: string): CommandOptions => {
    let sent = 0;
    return {
      onStderr(text, kill) {
        if ((sent === 0 && text.includes("running")) || (sent === 1 && again !== undefined && text.includes(again))) {
          sent += 1;
          kill("SIGINT");
        }
      },
    };
  };

  test("detaches with 13 and says how to come back", async () => {
    api().onTopic((socket) => tell(socket, views.slice(0, 2)));
    const { code, stdout, stderr } = await coflux("run flows/greet", interrupting());
    expect([code, stdout]).toEqual([13, ""]);
    expect(stderr).toContain("detached; run Rbcdfghj goes on: coflux runs watch Rbcdfghj\n");
    expect(stderr).toContain("to end it: coflux runs cancel Rbcdfghj\n");
  });

  test("cancels with --cancel-on-interrupt and waits for the end", async () => {
    const sockets: WebSocket[] = [];
    api().onTopic((socket) => {
      sockets.push(socket);
      tell(socket, views.slice(0, 2));
    });
    const over = run([step(1, "greet", null, [{ status: "cancelled", result: { status: "cancelled" } }])], {
      status: "cancelled",
    });
    api().answer(`POST ${E}/runs/Rbcdfghj/cancel`, () => {
      for (const socket of sockets) say(socket, "value", 1, 3, over);
      return [204];
    });
    result({ status: "cancelled" });
    expect(await coflux("run flows/greet --cancel-on-interrupt", interrupting())).toMatchObject({ code: 11 });
  });

  test("a second time ends at once with 130", async () => {
    const sockets: WebSocket[] = [];
    api().onTopic((socket) => {
      sockets.push(socket);
      tell(socket, views.slice(0, 2));
    });
    const waiting = run([step(1, "greet", null, [running]), step(2, "add", 1), step(3, "add", 1, [running])]);
    api().answer(`POST ${E}/runs/Rbcdfghj/cancel`, () => {
      for (const socket of sockets) say(socket, "value", 1, 3, waiting);
      return [204];
    });
    const options = interrupting("Rbcdfghj:3:1");
    expect(await coflux("run flows/greet --cancel-on-interrupt", options)).toMatchObject({ code: 130, stdout: "" });
  });
});
