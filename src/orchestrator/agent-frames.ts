import {
  type AgentCommand,
  type AgentControlReply,
  decodeAgentControl,
  decodeAgentMessage,
  encodeAgentCommand,
  encodeAgentControlReply,
} from "../protocol/agent-messages.ts";
import { AGENT_ENVELOPE_BYTES, type AgentEnvelope } from "../protocol/agent-frame.ts";
import { FRAME_LIMIT_BYTES } from "../protocol/limits.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { errorText } from "../base/error-text.ts";
import { unpackList } from "../process/pack.ts";
import { packLists } from "../process/message-lists.ts";
import { pack } from "../process/pack.ts";
import type { ConnectionEvent } from "./agent-connection.ts";
import { FRAME_HEADROOM_BYTES } from "./limits.ts";

/** Arguments and outcomes go on to an agent with a slightly longer envelope: one that fits a frame only just would never arrive. */
const MESSAGE_FRAME_LIMIT_BYTES = FRAME_LIMIT_BYTES - FRAME_HEADROOM_BYTES;
const BODY_LIMIT_BYTES = FRAME_LIMIT_BYTES - AGENT_ENVELOPE_BYTES;

/** What an agent's frame says to its connection: one event for a data frame, one for each message of a control frame. */
export function eventsOf(envelope: AgentEnvelope, frame: Buffer): ConnectionEvent[] {
  try {
    return decode(envelope, frame);
  } catch (error) {
    return [{ kind: "broken", reason: errorText(error) }];
  }
}

function decode({ kind, sequence }: AgentEnvelope, frame: Buffer): ConnectionEvent[] {
  switch (kind) {
    case "control":
      return listIn(frame).map((message) => ({ kind: "control", message: decodeAgentControl(message) }));
    case "data": {
      const messages = listIn(frame);
      if (messages.length === 1 && frame.byteLength > MESSAGE_FRAME_LIMIT_BYTES) {
        throw new Error(`a message of ${frame.byteLength} bytes cannot be passed on`);
      }
      return [{ kind: "data", sequence, messages: messages.map(decodeAgentMessage) }];
    }
    case "acknowledgement":
      return [];
    default:
      return exhaustive(kind);
  }
}

function listIn(frame: Buffer): readonly unknown[] {
  return unpackList(frame.subarray(AGENT_ENVELOPE_BYTES));
}

export function packReply(reply: AgentControlReply): Uint8Array {
  return pack([encodeAgentControlReply(reply)]);
}

/** Packs commands, in order, into as few bodies as the limit of a frame allows. */
export function packCommands(commands: readonly AgentCommand[], onBody: (body: Uint8Array) => void): void {
  packLists(commands.map(encodeAgentCommand), BODY_LIMIT_BYTES, onBody);
}
