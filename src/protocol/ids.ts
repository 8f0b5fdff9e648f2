import { type Random, randomBelow } from "../base/random.ts";

// The only file that makes or takes apart ids. Ids are text on the wire and in people's hands.

/** `R` and at least six characters. */
export type RunId = string & { readonly __id: "run" };
/** `<run>:<number>`, number from 1. */
export type StepId = string & { readonly __id: "step" };
/** `<run>:<number>:<attempt>`, attempt from 1. */
export type ExecutionId = string & { readonly __id: "execution" };
/** `S` and twelve characters. */
export type SessionId = string & { readonly __id: "session" };
/** 64 lower-case hex digits: the SHA-256 of the bytes. */
export type BlobKey = string & { readonly __id: "blob" };

/** Consonants and digits that cannot be taken for letters: no id spells a word. */
const alphabet = "bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ23456789";
const runPattern = /^R[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ2-9]{6,20}$/;
const sessionPattern = /^S[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ2-9]{12}$/;
const blobPattern = /^[0-9a-f]{64}$/;
const stepPattern = /^(R[^:]+):([1-9]\d{0,9})$/;
const executionPattern = /^(R[^:]+):([1-9]\d{0,9}):([1-9]\d{0,9})$/;

/** A new run id with `length` random characters; after a clash, ask for one character more. */
export function makeRunId(random: Random, length = 8): RunId {
  return `R${characters(random, length)}` as RunId;
}

export function makeSessionId(random: Random): SessionId {
  return `S${characters(random, 12)}` as SessionId;
}

export function stepIdOf(run: RunId, number: number): StepId {
  return `${run}:${number}` as StepId;
}

export function executionIdOf(run: RunId, step: number, attempt: number): ExecutionId {
  return `${run}:${step}:${attempt}` as ExecutionId;
}

export function parseRunId(text: string): RunId | undefined {
  return runPattern.test(text) ? (text as RunId) : undefined;
}

export function parseSessionId(text: string): SessionId | undefined {
  return sessionPattern.test(text) ? (text as SessionId) : undefined;
}

export function parseBlobKey(text: string): BlobKey | undefined {
  return blobPattern.test(text) ? (text as BlobKey) : undefined;
}

export interface StepParts {
  readonly run: RunId;
  readonly step: number;
}

export interface ExecutionParts extends StepParts {
  readonly attempt: number;
}

/** Takes a step id apart; undefined when the text is none. */
export function parseStepId(text: string): StepParts | undefined {
  const [, runText, number] = stepPattern.exec(text) ?? [];
  const run = runText === undefined ? undefined : parseRunId(runText);
  return run === undefined ? undefined : { run, step: Number(number) };
}

/** Takes an execution id apart; undefined when the text is none. */
export function parseExecutionId(text: string): ExecutionParts | undefined {
  const [, runText, number, attempt] = executionPattern.exec(text) ?? [];
  const run = runText === undefined ? undefined : parseRunId(runText);
  return run === undefined ? undefined : { run, step: Number(number), attempt: Number(attempt) };
}

function characters(random: Random, length: number): string {
  let text = "";
  for (let index = 0; index < length; index++) text += alphabet[randomBelow(random, alphabet.length)];
  return text;
}
