import { type Random, randomBelow } from "../../src/base/random.ts";
import type { Command } from "../../src/orchestrator/command.ts";
import type { AgentCommand } from "../../src/protocol/agent-messages.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { inline } from "./scenario-script.ts";

// An agent that does at random whatever an agent may do, and keeps to docs/protocol.md: it numbers its frames and keeps them until they are
// acknowledged, knows every execution that it was given, and asks again after each welcome for what has no answer.

interface Running {
  readonly target: string;
  nextRequest: number;
  readonly open: Map<number, Command>;
  outcome: "none" | "sent" | "acknowledged";
  isAborted: boolean;
}

export interface Frame {
  readonly sequence: number;
  readonly commands: readonly Command[];
}

export class RandomAgent {
  readonly session: string;
  readonly secret: string;
  readonly concurrency: number;
  isConnected = true;
  isEnding = false;
  acknowledged = 0;
  frames: Frame[] = [];
  readonly executions = new Map<string, Running>();
  readonly #random: Random;
  #sequence = 0;

  constructor(opened: { readonly session: string; readonly secret: string }, concurrency: number, random: Random) {
    this.session = opened.session;
    this.secret = opened.secret;
    this.concurrency = concurrency;
    this.#random = random;
  }

  /** What the server says. An execution that comes twice would run twice. */
  receive(command: AgentCommand): void {
    if (command.kind === "drain") return;
    if (command.kind === "execute") {
      if (this.executions.has(command.execution)) throw new Error(`${command.execution} was given twice`);
      const { target } = command;
      this.executions.set(command.execution, {
        target,
        nextRequest: 1,
        open: new Map(),
        outcome: "none",
        isAborted: false,
      });
    } else if (command.kind === "abort") {
      const running = this.executions.get(command.execution);
      if (running !== undefined) running.isAborted = true;
    } else {
      this.executions.get(command.caller)?.open.delete(command.request);
    }
  }

  /** Does something with one of the executions. `others` are executions that code may have handles of. */
  act(others: readonly string[]): void {
    const running = [...this.executions].filter(([, { outcome }]) => outcome === "none");
    const chosen = running[randomBelow(this.#random, Math.max(running.length, 1))];
    if (chosen === undefined) return;
    const [id, execution] = chosen;
    if (execution.isAborted) return this.#stop(id, execution);
    const dice = this.isEnding ? 99 : randomBelow(this.#random, 100);
    if (dice < 35) this.#submit(id, execution);
    else if (dice < 45) this.#await(id, execution, others);
    else if (dice < 48) this.#cancel(id, execution, others);
    else if (dice < 52 && execution.open.size > 0) this.#unawait(id, execution);
    else if (dice < 56) this.#send({ kind: "report-started", session: this.session, execution: id });
    else if (execution.open.size === 0) this.#finish(id, execution);
  }

  resume(): Command {
    const known = [...this.executions].filter(([, { outcome }]) => outcome !== "acknowledged").map(([id]) => id);
    const { session, secret, acknowledged } = this;
    return { kind: "resume-session", session, secret, acknowledged, known };
  }

  /** After the welcome: what is not committed is sent again, then what has no answer. */
  welcome(lastSequence: number): void {
    this.isConnected = true;
    this.acknowledge(lastSequence);
    const unanswered = [...this.executions.values()]
      .filter(({ outcome, isAborted }) => outcome === "none" && !isAborted)
      .flatMap(({ open }) => [...open.values()]);
    if (unanswered.length > 0) this.#frame(unanswered);
  }

  acknowledge(sequence: number): void {
    for (const frame of this.frames.filter((each) => each.sequence <= sequence)) {
      for (const command of frame.commands) {
        if (command.kind !== "report-outcome") continue;
        const running = this.executions.get(command.execution);
        if (running !== undefined) running.outcome = "acknowledged";
      }
    }
    this.frames = this.frames.filter((frame) => frame.sequence > sequence);
    this.acknowledged = Math.max(this.acknowledged, sequence);
  }

  #submit(caller: string, execution: Running): void {
    const target = ["flows/task", "flows/task", "flows/flaky", "flows/child", "flows/missing"][
      randomBelow(this.#random, 5)
    ];
    const isAwaited = randomBelow(this.#random, 3) > 0;
    const call = { target: target ?? "flows/task", arguments: [inline("1")], options: null, isAwaited };
    const request = execution.nextRequest++;
    this.#ask(execution, { kind: "submit-call", session: this.session, caller, request, ...call });
  }

  #await(caller: string, execution: Running, others: readonly string[]): void {
    // Only what was made later, as handles go from callers to callees: so nobody waits for itself.
    const later = others.slice(others.indexOf(caller) + 1);
    const other = later[randomBelow(this.#random, Math.max(later.length, 1))] ?? "Rbcdfgh:1:1";
    const isPeek = randomBelow(this.#random, 3) === 0;
    const request = execution.nextRequest++;
    const asks = { session: this.session, caller, request, execution: other, isPeek };
    this.#ask(execution, { kind: "await-execution", ...asks });
  }

  #cancel(caller: string, execution: Running, others: readonly string[]): void {
    const executions = [others[randomBelow(this.#random, Math.max(others.length, 1))] ?? caller];
    const request = execution.nextRequest++;
    this.#ask(execution, { kind: "cancel-executions", session: this.session, caller, request, executions });
  }

  #unawait(caller: string, execution: Running): void {
    const [request] = execution.open.keys();
    if (request === undefined || execution.open.get(request)?.kind !== "await-execution") return;
    execution.open.delete(request);
    this.#send({ kind: "unawait", session: this.session, caller, request });
  }

  #finish(id: string, execution: Running): void {
    const dice = randomBelow(this.#random, 10);
    const outcome: Outcome =
      dice < 6
        ? { kind: "succeeded", value: inline(String(dice)) }
        : dice < 8
          ? {
              kind: "failed",
              error: { type: "Error", message: "no", stack: "", frames: [], value: null, cause: null, errors: null },
            }
          : dice < 9
            ? { kind: "abandoned", reason: "crashed" }
            : { kind: "timed_out" };
    this.#report(id, execution, outcome, dice !== 5);
  }

  #stop(id: string, execution: Running): void {
    const kind = randomBelow(this.#random, 3);
    if (kind === 0) return this.#report(id, execution, { kind: "cancelled" }, true);
    if (kind === 1) return this.#report(id, execution, { kind: "succeeded", value: inline("9") }, true);
    execution.outcome = "acknowledged";
    this.#send({ kind: "report-stopped", session: this.session, execution: id });
  }

  #report(execution: string, running: Running, outcome: Outcome, hasStopped: boolean): void {
    running.outcome = "sent";
    running.open.clear();
    const { session } = this;
    const mayRetry = randomBelow(this.#random, 8) > 0;
    const report = { execution, outcome, mayRetry, retryAfterMs: null, hasStopped };
    this.#send({ kind: "report-outcome", session, ...report });
    if (!hasStopped) this.#send({ kind: "report-stopped", session, execution });
  }

  #ask(execution: Running, command: Command & { readonly request: number }): void {
    execution.open.set(command.request, command);
    this.#send(command);
  }

  #send(command: Command): void {
    this.#frame([command]);
  }

  #frame(commands: readonly Command[]): void {
    this.frames.push({ sequence: ++this.#sequence, commands });
  }
}
