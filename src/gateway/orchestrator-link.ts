import { type Link, createLink } from "../process/link.ts";
import type { Duplex } from "node:stream";
import { LINK_HELLO_WAIT_MS } from "./limits.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import type { Timers } from "../base/clock.ts";
import { linkTypes } from "../protocol/link-frame.ts";
import { unpackList } from "../process/pack.ts";

export interface OrchestratorLinkEvents {
  /** The orchestrator has said hello in our version of the protocol: from here on the link is used. */
  onOpen(link: Link, epoch: unknown): void;
  /** One frame. What this throws ends the link. */
  onFrame(type: number, payload: Buffer): void;
  /** There is credit again. */
  onRoom(): void;
  /** It ended, open or not. */
  onClose(reason: string): void;
}

/** Opens a link over a stream to an orchestrator: both say hello first, and one that does not within `LINK_HELLO_WAIT_MS` is left. */
export function openOrchestratorLink(stream: Duplex, timers: Timers, events: OrchestratorLinkEvents): void {
  let isOpen = false;
  const link = createLink(stream, {
    onFrame(type, payload, handled) {
      if (isOpen) events.onFrame(type, payload);
      else open(readHello(type, payload));
      handled();
    },
    onCredit: () => events.onRoom(),
    onClose(reason) {
      cancelWait();
      events.onClose(reason);
    },
  });
  const cancelWait = timers.after(LINK_HELLO_WAIT_MS, () => link.close());
  const open = (epoch: unknown): void => {
    isOpen = true;
    cancelWait();
    events.onOpen(link, epoch);
  };
  link.sendPacked(linkTypes.hello, [PROTOCOL_VERSION, 0]);
}

/** The epoch of the orchestrator. Throws on what is no hello of ours. */
function readHello(type: number, payload: Buffer): unknown {
  if (type !== linkTypes.hello) throw new Error("a first frame that is no hello");
  const [protocol, epoch] = unpackList(payload);
  if (protocol !== PROTOCOL_VERSION) throw new Error(`an orchestrator of protocol ${String(protocol)}`);
  return epoch;
}
