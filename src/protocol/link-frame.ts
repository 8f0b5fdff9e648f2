// What travels on the Unix-domain socket between the gateway and one orchestrator: u32 length (of what follows), u8 type, payload.
// Agents' frames pass as they came, with the number of their connection before them; what holds values of users in the form of the API is JSON,
// in which nothing of them is lost; all else is msgpack.

/** Both ends know the same codes; a frame of an unknown type ends the link. */
export const linkTypes = {
  /** Either direction, first frame: msgpack `[protocol, epoch]`; the epoch is 0 from the gateway. */
  hello: 1,
  /** Gateway: msgpack `[id, name, params]`. Answered by one `reply`. */
  request: 2,
  /** Orchestrator: msgpack `[id, true, value]` or `[id, false, failure]`. */
  reply: 3,
  /** Gateway: msgpack `[id]`: nobody waits for that reply any more. */
  forget: 4,
  /** Gateway: u32 connection. An agent has connected (or still is, after the orchestrator came back). */
  agentOpen: 5,
  /** Either direction: u32 connection, then the agent's frame untouched. */
  agentFrame: 6,
  /** Gateway: u32 connection: it is gone. Orchestrator: msgpack `[connection, close code, reason]`: close it. */
  agentClose: 7,
  /** Gateway: msgpack `[subscription, topic]`. Answered by topic events until `unsubscribe`. */
  subscribe: 8,
  /** Gateway: msgpack `[subscription]`. */
  unsubscribe: 9,
  /** Orchestrator: f64 subscription, then the event as JSON, as topics.ts has it. */
  topicEvent: 10,
  /** Either direction: u32 bytes, u32 frames that were handled: the other side may send as many more. Never counted itself. */
  credit: 11,
  /** Orchestrator: it stops. What it took is answered; what has no answer by now was not taken. Nothing after it counts. */
  goodbye: 12,
  /** Orchestrator: f64 id, then the value as JSON: a reply that went well, with values of users in it. */
  replyJson: 13,
} as const;

export type LinkType = (typeof linkTypes)[keyof typeof linkTypes];

/** The number that stands before JSON. */
export const JSON_HEAD_BYTES = 8;

/** The length that stands before each frame. */
export const LINK_LENGTH_BYTES = 4;

/** Replies and views can be larger than an agent's frame: a whole run of 100,000 steps is some tens of megabytes. */
export const LINK_FRAME_LIMIT_BYTES = 67_108_864;
