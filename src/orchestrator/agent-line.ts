import type { AgentCommand, AgentControlReply } from "../protocol/agent-messages.ts";
import type { AgentEnvelope, FrameKind } from "../protocol/agent-frame.ts";
import { packCommands, packReply } from "./agent-frames.ts";

/** The way to the agents' sockets. */
export interface AgentPort {
  sendFrame(connection: number, envelope: AgentEnvelope, body: Uint8Array): void;
  closeConnection(connection: number, code: number, reason: string): void;
}

/** What is said to one agent. Every frame carries what is committed of the agent's own. */
export interface AgentLine {
  /** At once: about the connection. */
  reply(reply: AgentControlReply): void;
  /** At once: what is committed, alone. */
  acknowledge(): void;
  /** With the next flush. */
  queue(command: AgentCommand): void;
  /** Everything up to this frame is committed; said by the next flush at the latest. */
  commit(sequence: number): void;
  /** Sends what was queued in one frame (several if it is too much for one), or what is newly committed alone. */
  flush(): void;
}

const nothing = new Uint8Array(0);

export function createAgentLine(connection: number, epoch: number, port: AgentPort): AgentLine {
  let commands: AgentCommand[] = [];
  let acknowledged = 0;
  let isCommitNews = false;

  const send = (kind: FrameKind, body: Uint8Array): void => {
    isCommitNews = false;
    port.sendFrame(connection, { kind, epoch, sequence: 0, acknowledged }, body);
  };

  return {
    reply: (reply) => send("control", packReply(reply)),
    acknowledge: () => send("acknowledgement", nothing),
    queue(command) {
      commands.push(command);
    },
    commit(sequence) {
      acknowledged = sequence;
      isCommitNews = true;
    },
    flush() {
      const queued = commands;
      commands = [];
      if (queued.length > 0) packCommands(queued, (body) => send("data", body));
      else if (isCommitNews) send("acknowledgement", nothing);
    },
  };
}
