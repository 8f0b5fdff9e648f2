// One frame of an agent's WebSocket: 17 bytes of envelope, then the body (msgpack: an array of messages of one catalog).
//
//   byte 0       kind
//   bytes 1-4    epoch of the orchestrator the frame belongs to (0 before the agent knows one)
//   bytes 5-10   sequence number of the frame (data frames of an agent, from 1 for each session), otherwise 0
//   bytes 11-16  cumulative acknowledgement: the last sequence number whose effects are committed (orchestrator to agent), otherwise 0
//
// All numbers are big-endian. The gateway reads only the kind and the length; it never opens a body.

export const AGENT_ENVELOPE_BYTES = 17;

/** `control`: about the connection; `data`: messages or commands; `acknowledgement`: an envelope alone. */
export const frameKinds = ["control", "data", "acknowledgement"] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface AgentEnvelope {
  readonly kind: FrameKind;
  readonly epoch: number;
  readonly sequence: number;
  readonly acknowledged: number;
}

const twoTo32 = 4_294_967_296;

/** Puts an envelope before a body. */
export function encodeAgentFrame(envelope: AgentEnvelope, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(AGENT_ENVELOPE_BYTES + body.byteLength);
  writeAgentEnvelope(frame, envelope);
  frame.set(body, AGENT_ENVELOPE_BYTES);
  return frame;
}

/** Writes an envelope over the first bytes of a frame: a frame that is sent again only gets a new one. */
export function writeAgentEnvelope(frame: Uint8Array, envelope: AgentEnvelope): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint8(0, frameKinds.indexOf(envelope.kind));
  view.setUint32(1, envelope.epoch);
  setUint48(view, 5, envelope.sequence);
  setUint48(view, 11, envelope.acknowledged);
}

/** Reads the envelope; undefined when the bytes are no frame. */
export function readAgentEnvelope(frame: Uint8Array): AgentEnvelope | undefined {
  if (frame.byteLength < AGENT_ENVELOPE_BYTES) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const kind = frameKinds[view.getUint8(0)];
  if (kind === undefined) return undefined;
  return { kind, epoch: view.getUint32(1), sequence: getUint48(view, 5), acknowledged: getUint48(view, 11) };
}

/** The body behind the envelope, without copying it. */
export function agentFrameBody(frame: Uint8Array): Uint8Array {
  return frame.subarray(AGENT_ENVELOPE_BYTES);
}

function setUint48(view: DataView, offset: number, value: number): void {
  view.setUint16(offset, Math.floor(value / twoTo32));
  view.setUint32(offset + 2, value % twoTo32);
}

function getUint48(view: DataView, offset: number): number {
  return view.getUint16(offset) * twoTo32 + view.getUint32(offset + 2);
}
