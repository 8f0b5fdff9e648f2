import {
  type AgentCommand,
  type AgentControl,
  type AgentControlReply,
  type AgentMessage,
  decodeAgentCommand,
  decodeAgentControlReply,
  encodeAgentControl,
  encodeAgentMessage,
} from "../../src/protocol/agent-messages.ts";
import {
  type AgentEnvelope,
  agentFrameBody,
  encodeAgentFrame,
  readAgentEnvelope,
} from "../../src/protocol/agent-frame.ts";
import type { Manifest, TargetOptions } from "../../src/protocol/manifest.ts";
import { noOptions } from "../../src/protocol/manifest.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { pack, unpack } from "../../src/process/pack.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { type Arrivals, arrivals } from "./arrivals.ts";

// An agent's end of its protocol, by script: it does what a test says, be it wrong, and keeps what it heard.

export interface ScriptedAgent {
  readonly connection: number;
  readonly replies: Arrivals<AgentControlReply>;
  readonly commands: Arrivals<AgentCommand>;
  /** The code with which the connection was closed. */
  readonly closed: Promise<number>;
  /** What the last frame acknowledged. */
  acknowledged(): number;
  /** The sizes of the data frames that came, in commands. */
  readonly frameSizes: readonly number[];
  /** Waits for the challenge and answers it; gives the welcome, or whatever came instead. */
  hello(session?: KnownSession, known?: readonly string[]): Promise<AgentControlReply>;
  /** `hello` for a new session that must succeed. */
  join(): Promise<KnownSession>;
  control(message: AgentControl): void;
  /** One data frame with the next number; `sequence` says another. Returns the number. */
  send(messages: readonly AgentMessage[], sequence?: number): number;
  /** Waits until this frame is acknowledged. */
  acknowledgement(sequence: number): Promise<void>;
  sendRaw(frame: Uint8Array): void;
  command<K extends AgentCommand["kind"]>(kind: K): Promise<Extract<AgentCommand, { kind: K }>>;
  /** The gateway says that it is gone. */
  disconnect(): void;

  deliver(frame: Buffer): void;
  onClosed(code: number): void;
}

export interface KnownSession {
  readonly session: string;
  readonly secret: string;
  readonly acknowledged?: number;
}

/** How frames leave. */
export interface AgentWire {
  frame(connection: number, frame: Uint8Array): void;
  close(connection: number): void;
}

export function scriptedAgent(connection: number, wire: AgentWire): ScriptedAgent {
  const replies = arrivals<AgentControlReply>("reply to an agent");
  const commands = arrivals<AgentCommand>("command to an agent");
  const acknowledgements = arrivals<number>("acknowledgement");
  const closed = withResolvers<number>();
  const frameSizes: number[] = [];
  let epoch = 0;
  let sequence = 0;
  let acknowledged = 0;

  const send = (envelope: Omit<AgentEnvelope, "epoch" | "acknowledged">, body: unknown): void =>
    wire.frame(connection, encodeAgentFrame({ ...envelope, epoch, acknowledged: 0 }, pack(body)));

  const control = (message: AgentControl): void =>
    send({ kind: "control", sequence: 0 }, [encodeAgentControl(message)]);

  const hello = async (session?: KnownSession, known: readonly string[] = []): Promise<AgentControlReply> => {
    await replies.nextThat((reply): reply is AgentControlReply & { kind: "challenge" } => reply.kind === "challenge");
    control({
      kind: "hello",
      protocol: PROTOCOL_VERSION,
      session: session?.session ?? null,
      secret: session?.secret ?? null,
      acknowledged: session?.acknowledged ?? 0,
      known,
      agent: { pid: 1, host: "test", version: "0", node: "20" },
    });
    const reply = await replies.next();
    if (reply.kind === "welcome") sequence = reply.lastSequence;
    return reply;
  };

  return {
    connection,
    replies,
    commands,
    closed: closed.promise,
    acknowledged: () => acknowledged,
    frameSizes,
    hello,
    async join() {
      const reply = await hello();
      if (reply.kind !== "welcome" || reply.secret === null) throw new Error(`no welcome but ${JSON.stringify(reply)}`);
      return { session: reply.session, secret: reply.secret };
    },
    control,
    send(messages, number = sequence + 1) {
      sequence = Math.max(sequence, number);
      send({ kind: "data", sequence: number }, messages.map(encodeAgentMessage));
      return number;
    },
    async acknowledgement(number) {
      if (acknowledged < number) await acknowledgements.nextThat((seen): seen is number => seen >= number);
    },
    sendRaw: (frame) => wire.frame(connection, frame),
    command: <K extends AgentCommand["kind"]>(kind: K) =>
      commands.nextThat((command): command is Extract<AgentCommand, { kind: K }> => command.kind === kind),
    disconnect: () => wire.close(connection),
    deliver(frame) {
      const envelope = readAgentEnvelope(frame);
      if (envelope === undefined) throw new Error("a frame without an envelope");
      acknowledged = envelope.acknowledged;
      acknowledgements.add(acknowledged);
      if (envelope.kind === "acknowledgement") return;
      const messages = unpack(agentFrameBody(frame));
      if (!Array.isArray(messages)) throw new Error("a body that is no list");
      if (envelope.kind === "data") {
        frameSizes.push(messages.length);
        for (const message of messages) commands.add(decodeAgentCommand(message));
        return;
      }
      for (const message of messages) {
        const reply = decodeAgentControlReply(message);
        if (reply.kind === "challenge") epoch = reply.epoch;
        replies.add(reply);
      }
    },
    onClosed: (code) => closed.resolve(code),
  };
}

/** What an agent declares that hosts `flows` with these targets, all workflows unless the name says `task`. */
export function declaration(
  targets: Readonly<Record<string, Partial<TargetOptions>>>,
  concurrency = 10,
): Extract<AgentMessage, { kind: "declare" }> {
  const manifest: Manifest = {
    name: "flows",
    version: "1",
    targets: Object.entries(targets).map(([name, options]) => ({
      name,
      type: name.startsWith("task") ? "task" : "workflow",
      description: null,
      parameters: [{ name: "value", isOptional: true, isRest: true }],
      options: { ...noOptions, ...options },
    })),
  };
  return { kind: "declare", concurrency, provides: {}, repositories: [manifest] };
}

export function succeeded(execution: string, data = "null"): AgentMessage {
  return outcomeOf(execution, { kind: "succeeded", value: { kind: "inline", data, references: [] } });
}

export function outcomeOf(execution: string, outcome: Outcome): AgentMessage {
  return { kind: "outcome", execution, outcome, mayRetry: true, retryAfterMs: null, hasStopped: true };
}

export function submit(caller: string, request: number, target: string, isAwaited = true): AgentMessage {
  return { kind: "submit", request, caller, target, arguments: [], options: null, isAwaited };
}

/** Promise.withResolvers, which Node 20 lacks. */
export function withResolvers<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve = (_value: T): void => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
