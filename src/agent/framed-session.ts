import { errorText } from "../base/error-text.ts";
import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import {
  type AgentEnvelope,
  agentFrameBody,
  encodeAgentFrame,
  readAgentEnvelope,
  writeAgentEnvelope,
} from "../protocol/agent-frame.ts";
import { type AgentControl, decodeAgentControlReply, encodeAgentControl } from "../protocol/agent-messages.ts";
import { type RelayedAgentMessage, decodeRelayedAgentCommand } from "../protocol/executor-messages.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import { pack, unpackList } from "../process/pack.ts";
import type { OutboxFrame } from "./outbox.ts";
import { nextDueAt, openEpoch, stepSession } from "./session-machine.ts";
import { createSessionMemory } from "./session-memory.ts";
import { type SessionAction, type SessionEvent, beforeSession } from "./session-state.ts";

// The session machine with its memory and its frames: bytes in, bytes out, no clock and no socket inside.

export interface AgentIdentity {
  readonly pid: number;
  readonly host: string;
  readonly version: string;
  readonly node: string;
}

/** What a socket tells, and the time. */
export type SocketEvent =
  | Exclude<SessionEvent, { readonly kind: "control" | "data" | "broken" }>
  | { readonly kind: "frame"; readonly bytes: Uint8Array };

/** What is left to do; of the commands each is told for the first time, in order. */
export type FramedAction =
  | Exclude<SessionAction, { readonly kind: "hello" | "ping" | "acknowledged" | "resume" }>
  | { readonly kind: "send"; readonly frame: Uint8Array };

export interface FramedSession {
  /** `now` is monotonic. */
  handle(event: SocketEvent, now: Ms): FramedAction[];
  /** Says something to the server; it travels with the next `flush` and is kept until acknowledged. Without a session it is dropped. */
  post(message: RelayedAgentMessage): void;
  flush(): FramedAction[];
  /** The server has acknowledged the end of every execution that it gave to this session and, if it is there, all else that was said. */
  isSettled(): boolean;
  /** Bytes that wait for their acknowledgement. */
  outboxBytes(): number;
  /** When a `tick` is due next. */
  nextDueAt(): Ms;
}

export function createFramedSession(options: { identity: AgentIdentity; random: Random }): FramedSession {
  const { identity, random } = options;
  const memory = createSessionMemory();
  let state = beforeSession;

  const perform = (action: SessionAction): FramedAction[] => {
    switch (action.kind) {
      case "hello": {
        const { id = null, secret = null, acknowledged = 0 } = action.session ?? {};
        const known = memory.known();
        const resumed = { session: id, secret, acknowledged, known };
        return [control(action.epoch, { kind: "hello", protocol: PROTOCOL_VERSION, ...resumed, agent: identity })];
      }
      case "ping":
        return [control(action.epoch, { kind: "ping", sequence: action.sequence })];
      case "acknowledged":
        memory.acknowledge(action.sequence);
        return [];
      case "resume":
        return memory.resume(action.lastSequence).map((frame) => data(action.epoch, frame));
      case "commands": {
        const commands = action.commands.filter(memory.isNews);
        return commands.length === 0 ? [] : [{ kind: "commands", commands }];
      }
      case "session-lost":
        memory.reset();
        return [action];
      case "connect":
      case "close":
      case "connected":
      case "disconnected":
      case "fence":
      case "give-up":
        return [action];
      default:
        return exhaustive(action);
    }
  };

  const step = (event: SessionEvent, now: Ms): FramedAction[] => {
    const next = stepSession(state, event, { now, random });
    state = next.state;
    return next.actions.flatMap(perform);
  };

  return {
    handle(event, now) {
      const events = event.kind === "frame" ? readFrame(event.bytes) : [event];
      return events.flatMap((each) => step(each, now));
    },
    post(message) {
      if (state.session !== null) memory.post(message);
    },
    flush() {
      const sealed = memory.seal();
      const epoch = openEpoch(state);
      return epoch === undefined ? [] : sealed.map((frame) => data(epoch, frame));
    },
    isSettled: () => memory.hasEndedAll() && (openEpoch(state) === undefined || memory.isEmpty()),
    outboxBytes: () => memory.bytes(),
    nextDueAt: () => nextDueAt(state),
  };
}

/** Whatever does not decode makes the frame a broken one. */
function readFrame(bytes: Uint8Array): SessionEvent[] {
  try {
    const envelope = readAgentEnvelope(bytes);
    if (envelope === undefined) return [{ kind: "broken", reason: "it has no envelope" }];
    const { epoch, acknowledged } = envelope;
    if (envelope.kind === "acknowledgement") return [{ kind: "data", epoch, acknowledged, commands: [] }];
    const items = unpackList(agentFrameBody(bytes));
    if (envelope.kind === "data") {
      return [{ kind: "data", epoch, acknowledged, commands: items.map(decodeRelayedAgentCommand) }];
    }
    return items.map((item) => ({ kind: "control", message: decodeAgentControlReply(item) }));
  } catch (error) {
    return [{ kind: "broken", reason: errorText(error) }];
  }
}

function control(epoch: number, message: AgentControl): FramedAction {
  const envelope: AgentEnvelope = { kind: "control", epoch, sequence: 0, acknowledged: 0 };
  return { kind: "send", frame: encodeAgentFrame(envelope, pack([encodeAgentControl(message)])) };
}

function data(epoch: number, { bytes, sequence }: OutboxFrame): FramedAction {
  writeAgentEnvelope(bytes, { kind: "data", epoch, sequence, acknowledged: 0 });
  return { kind: "send", frame: bytes };
}
