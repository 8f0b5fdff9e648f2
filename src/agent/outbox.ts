import { AGENT_ENVELOPE_BYTES } from "../protocol/agent-frame.ts";
import { type RelayedAgentMessage, encodeRelayedAgentMessage } from "../protocol/executor-messages.ts";
import { FRAME_LIMIT_BYTES } from "../protocol/limits.ts";
import { packLists } from "../process/message-lists.ts";

// What the server has not acknowledged yet. Messages are collected, sealed into numbered frames, and kept until the acknowledgement: only
// then has the server committed them. After a reconnect the frames that are left travel again as they are, under a new envelope.

export interface OutboxFrame {
  readonly sequence: number;
  /** With room for the envelope at the front. */
  readonly bytes: Uint8Array;
  /** The executions of which it is the last, or next to last, word: their outcome, or that they have stopped. */
  readonly ended: readonly string[];
}

export interface Outbox {
  /** Adds a message; it travels in the next frame that is sealed. */
  add(message: RelayedAgentMessage): void;
  /** Puts what was added into frames (as few as their limit allows), and returns these. */
  seal(): readonly OutboxFrame[];
  /** Forgets the frames up to this number and returns them. */
  acknowledge(sequence: number): readonly OutboxFrame[];
  /** The frames that are left, oldest first. */
  unacknowledged(): readonly OutboxFrame[];
  /** The number of the last frame that was acknowledged. */
  lastAcknowledged(): number;
  /** The number that the next sealed frame gets. */
  nextSequence(): number;
  /** Bytes of the frames that are left. */
  bytes(): number;
  /** Nothing waits to be sent or acknowledged. */
  isEmpty(): boolean;
  /** Forgets everything and counts from 1 again: a new session. */
  reset(): void;
}

export function createOutbox(): Outbox {
  let added: RelayedAgentMessage[] = [];
  let frames: OutboxFrame[] = [];
  let acknowledgedFrames = 0; // Leading entries of `frames` that are forgotten already; cut off in larger pieces.
  let last = 0;
  let lastAcknowledged = 0;
  let bytes = 0;

  return {
    add: (message) => void added.push(message),
    seal() {
      if (added.length === 0) return [];
      const messages = added;
      const sealed: OutboxFrame[] = [];
      let offset = 0;
      added = [];
      packLists(messages.map(encodeRelayedAgentMessage), FRAME_LIMIT_BYTES - AGENT_ENVELOPE_BYTES, (body, count) => {
        const frame = new Uint8Array(AGENT_ENVELOPE_BYTES + body.byteLength);
        frame.set(body, AGENT_ENVELOPE_BYTES);
        last += 1;
        bytes += frame.byteLength;
        sealed.push({
          sequence: last,
          bytes: frame,
          ended: endedIn(count === messages.length ? messages : messages.slice(offset, offset + count)),
        });
        offset += count;
      });
      frames.push(...sealed);
      return sealed;
    },
    acknowledge(sequence) {
      const from = acknowledgedFrames;
      for (let frame = frames[from]; frame && frame.sequence <= sequence; frame = frames[acknowledgedFrames]) {
        bytes -= frame.bytes.byteLength;
        lastAcknowledged = frame.sequence;
        acknowledgedFrames += 1;
      }
      const acknowledged = frames.slice(from, acknowledgedFrames);
      if (acknowledgedFrames * 2 > frames.length) {
        frames = frames.slice(acknowledgedFrames);
        acknowledgedFrames = 0;
      }
      return acknowledged;
    },
    unacknowledged: () => frames.slice(acknowledgedFrames),
    lastAcknowledged: () => lastAcknowledged,
    nextSequence: () => last + 1,
    bytes: () => bytes,
    isEmpty: () => added.length === 0 && acknowledgedFrames === frames.length,
    reset() {
      added = [];
      frames = [];
      acknowledgedFrames = 0;
      last = 0;
      lastAcknowledged = 0;
      bytes = 0;
    },
  };
}

function endedIn(messages: readonly RelayedAgentMessage[]): string[] {
  const ended: string[] = [];
  for (const message of messages) {
    if (message.kind === "outcome" || message.kind === "stopped") ended.push(message.execution);
  }
  return ended;
}
