import type { Link } from "../../process/link.ts";
import { linkTypes } from "../../protocol/link-frame.ts";
import { unpackList } from "../../process/pack.ts";

// The connected agents of one environment. Each socket has a number under which its frames travel on the link; frames pass untouched.
// While the link is down nothing is read from agents; while it has no credit nothing is read from those that have just sent something.

/** One agent's socket, as the roster sees it. */
export interface AgentPeer {
  deliver(frame: Buffer): void;
  close(code: number, reason: string): void;
  /** Stops and resumes reading what the agent sends. */
  pause(): void;
  resume(): void;
}

export interface AgentRoster {
  /** Takes an agent in and gives its connection number. */
  add(peer: AgentPeer): number;
  remove(connection: number): void;
  /** Passes a frame of an agent on. Without a link it is dropped: the agent sends it again after the next challenge. */
  forward(connection: number, frame: Buffer): void;
  size(): number;
  closeAll(code: number, reason: string): void;

  /** The link is open: everyone who is connected is announced. */
  opened(link: Link): void;
  lost(): void;
  hasRoom(): void;
  onFrame(payload: Buffer): void;
  onClose(payload: Buffer): void;
}

interface Entry {
  readonly peer: AgentPeer;
  /** The number as it stands before each frame. */
  readonly prefix: Buffer;
}

const PREFIX_BYTES = 4;

/** `onSize` hears when an agent has come or gone. */
export function createAgentRoster(onSize: () => void): AgentRoster {
  const entries = new Map<number, Entry>();
  const held = new Set<number>(); // Not read from until the link has credit again.
  let link: Link | null = null;
  let lastConnection = 0; // Never given twice: four billion connections outlast any process.

  const resumeHeld = (): void => {
    for (const connection of held) entries.get(connection)?.peer.resume();
    held.clear();
  };

  return {
    add(peer) {
      lastConnection += 1;
      const prefix = Buffer.allocUnsafeSlow(PREFIX_BYTES);
      prefix.writeUInt32BE(lastConnection);
      entries.set(lastConnection, { peer, prefix });
      if (link === null) peer.pause();
      else link.send(linkTypes.agentOpen, prefix);
      onSize();
      return lastConnection;
    },
    remove(connection) {
      const entry = entries.get(connection);
      if (entry === undefined) return;
      entries.delete(connection);
      held.delete(connection);
      link?.send(linkTypes.agentClose, entry.prefix);
      onSize();
    },
    forward(connection, frame) {
      const entry = entries.get(connection);
      if (entry === undefined || link === null) return;
      link.send(linkTypes.agentFrame, entry.prefix, frame);
      if (link.hasCredit() || held.has(connection)) return;
      held.add(connection);
      entry.peer.pause();
    },
    size: () => entries.size,
    closeAll(code, reason) {
      for (const { peer } of entries.values()) peer.close(code, reason);
    },
    opened(opened) {
      link = opened;
      for (const { peer, prefix } of entries.values()) {
        link.send(linkTypes.agentOpen, prefix);
        peer.resume();
      }
    },
    lost() {
      link = null;
      held.clear();
      for (const { peer } of entries.values()) peer.pause();
    },
    hasRoom: resumeHeld,
    onFrame(payload) {
      if (payload.byteLength < PREFIX_BYTES) throw new Error("an agent's frame without a connection");
      entries.get(payload.readUInt32BE(0))?.peer.deliver(payload.subarray(PREFIX_BYTES));
    },
    onClose(payload) {
      const [connection, code, reason] = unpackList(payload);
      if (typeof connection !== "number" || typeof code !== "number") throw new Error("a malformed close of an agent");
      entries.get(connection)?.peer.close(code, String(reason));
    },
  };
}
