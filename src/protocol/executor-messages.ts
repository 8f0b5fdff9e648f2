import { agentCommands, agentMessages } from "./agent-messages.ts";
import { ID_LIMIT, REPOSITORIES_LIMIT, STACK_LIMIT, TARGETS_LIMIT, TEXT_LIMIT } from "./limits.ts";
import { targetDefinitionField } from "./manifest.ts";
import { type Catalog, type MessageOf, decoder, encoder, message } from "./message.ts";
import { REPOSITORY_NAME_LIMIT } from "./names.ts";
import { type Field, flag, integer, list, nullable, object, text } from "./shape.ts";

// What an agent and its executors say to each other: msgpack lists of messages over file descriptor 3. Most of it is what the agent and the
// orchestrator say, handed through. The agent reads those messages by the `relayed…` catalogs: same codes, same positions, but what user
// code says to user code (arguments, results, log lines) is carried as it came, neither checked nor built anew. The two ends check it.

const carried: Field<unknown> = { pack: (value) => value, parse: (input) => input };

const path = text(4_096);

/** One repository of a build: the name it is known by, and the member of the bundle that holds its exports. */
const loadedRepository = object({ name: text(REPOSITORY_NAME_LIMIT), namespace: text(100), file: path });

const loadedTargets = object({
  targets: list(targetDefinitionField, TARGETS_LIMIT),
  /** A hash of the code of each target's function. */
  fingerprints: list(text(64), TARGETS_LIMIT),
});

const forExecutors = {
  /** The first message, once: import this bundle. Answered by `ready` or `failed`. */
  load: message(20, {
    bundle: path,
    repositories: list(loadedRepository, REPOSITORIES_LIMIT),
    /** Columns that the build put before the first line of every source file: positions in stack traces are put right by them. */
    preludeColumns: integer(0, 1_000),
    /** Files in stack traces are shown relative to it. */
    workingDirectory: path,
    /** Where executions get directories of their own. */
    temporaryDirectory: path,
    project: text(63),
    environment: text(128),
    /** Blobs are put to and got from `<blobsUrl>/<key>`. */
    blobsUrl: text(2_000),
    /** Say which source file is being evaluated, so that one that hangs can be named, and which parameters the targets have. */
    isTrial: flag,
  }),
  ping: message(21, {}),
} satisfies Catalog;

const fromExecutors = {
  /** Loaded: what each repository exports, in the order of `load`; parameters only on trial. */
  ready: message(20, {
    repositories: list(loadedTargets, REPOSITORIES_LIMIT),
  }),
  /** The code cannot be used as it is; the process ends. */
  failed: message(21, { message: text(TEXT_LIMIT), stack: nullable(text(STACK_LIMIT)) }),
  /** The evaluation of this source file begins. */
  evaluating: message(22, { file: path }),
  pong: message(23, {}),
  /** An execution has written this to stderr, where it may be the last that is heard of this process. Its log has it as well. */
  complained: message(25, { text: text(TEXT_LIMIT) }),
  /** User code (of this execution, if it is known) called process.exit; the process ends now. */
  exiting: message(24, { code: integer(-1, 255), execution: nullable(text(ID_LIMIT)) }),
} satisfies Catalog;

/** Agent to executor, as the executor reads it. */
export const executorCommands = {
  execute: agentCommands.execute,
  submitted: agentCommands.submitted,
  refused: agentCommands.refused,
  answer: agentCommands.answer,
  done: agentCommands.done,
  abort: agentCommands.abort,
  ...forExecutors,
} satisfies Catalog;

/** Executor to agent, as the executor writes it. */
export const executorMessages = {
  submit: agentMessages.submit,
  await: agentMessages.await,
  unawait: agentMessages.unawait,
  cancel: agentMessages.cancel,
  started: agentMessages.started,
  outcome: agentMessages.outcome,
  stopped: agentMessages.stopped,
  logs: agentMessages.logs,
  ...fromExecutors,
} satisfies Catalog;

const execute = message(agentCommands.execute.code, { ...agentCommands.execute.fields, arguments: carried });
const answer = message(agentCommands.answer.code, { ...agentCommands.answer.fields, outcome: carried });
const submit = message(agentMessages.submit.code, {
  ...agentMessages.submit.fields,
  arguments: carried,
  options: carried,
});
const outcome = message(agentMessages.outcome.code, { ...agentMessages.outcome.fields, outcome: carried });
const logs = message(agentMessages.logs.code, { entries: carried });

/** Orchestrator to agent, as the agent reads it. */
export const relayedAgentCommands = { ...agentCommands, execute, answer } satisfies Catalog;
/** Agent to orchestrator, as the agent writes it. */
export const relayedAgentMessages = { ...agentMessages, submit, outcome, logs } satisfies Catalog;
/** Agent to executor, as the agent writes it. */
export const relayedExecutorCommands = { ...executorCommands, execute, answer } satisfies Catalog;
/** Executor to agent, as the agent reads it. */
export const relayedExecutorMessages = { ...executorMessages, submit, outcome, logs } satisfies Catalog;

export type ExecutorCommand = MessageOf<typeof executorCommands>;
export type ExecutorMessage = MessageOf<typeof executorMessages>;
export type RelayedAgentCommand = MessageOf<typeof relayedAgentCommands>;
export type RelayedAgentMessage = MessageOf<typeof relayedAgentMessages>;
export type RelayedExecutorCommand = MessageOf<typeof relayedExecutorCommands>;
export type RelayedExecutorMessage = MessageOf<typeof relayedExecutorMessages>;

export const decodeExecutorCommand = decoder(executorCommands);
export const encodeExecutorMessage = encoder(executorMessages);
export const decodeRelayedAgentCommand = decoder(relayedAgentCommands);
export const encodeRelayedAgentMessage = encoder(relayedAgentMessages);
export const encodeRelayedExecutorCommand = encoder(relayedExecutorCommands);
export const decodeRelayedExecutorMessage = decoder(relayedExecutorMessages);
