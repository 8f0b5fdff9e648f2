import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RelayedExecutorCommand, RelayedExecutorMessage } from "../../src/protocol/executor-messages.ts";
import { type ExecutorProcess, startExecutorProcess } from "../../src/agent/executor-process.ts";
import { createBuilder } from "../../src/agent/repositories/build.ts";
import { PRELUDE_COLUMNS } from "../../src/agent/repositories/source-prelude.ts";
import { realClock, realTimers } from "../../src/process/real-clock.ts";
import { executorBuild } from "./executor-build.ts";
import { arrivals } from "./arrivals.ts";
import { temporaryDirectory } from "./temporary.ts";

type Message<K> = Extract<RelayedExecutorMessage, { readonly kind: K }>;
type Kind = RelayedExecutorMessage["kind"];

export interface RigOptions {
  /** Path -> text. A text that begins with `-> ` makes a symbolic link. */
  readonly files: Readonly<Record<string, string>>;
  /** Repository name -> path. Default: `flows` is the first file. */
  readonly repositories?: Readonly<Record<string, string>>;
  readonly blobsUrl?: string;
  readonly isTrial?: boolean;
}

/** A real executor process whose agent is the test: sources are built, loaded, and run as told. */
export interface ExecutorRig {
  readonly process: ExecutorProcess;
  readonly directory: string;
  readonly temporaryDirectory: string;
  /** The answer to the load. */
  readonly loaded: Promise<Message<"ready"> | Message<"failed">>;
  send(command: RelayedExecutorCommand): void;
  take<K extends Kind>(kind: K, matches?: (message: Message<K>) => boolean): Promise<Message<K>>;
  /** Starts an execution with these arguments and returns its id. */
  execute(target: string, values?: readonly unknown[], options?: { readonly timeoutMs?: number }): string;
  /** Runs an execution to its end; the outcome as it travels: `[0, text]`, `[1, error]`, … */
  run(target: string, ...values: readonly unknown[]): Promise<unknown>;
  /** Lines that were written outside of any execution. */
  readonly output: readonly string[];
  /** Why the process ended. */
  readonly ended: Promise<string>;
  remove(): Promise<void>;
}

/** Writes sources and builds them; a text instead of a bundle is what is wrong with them. */
export async function buildSources({ files, repositories }: RigOptions) {
  const built = await executorBuild();
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, "app");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    if (text.startsWith("-> ")) await symlink(text.slice(3), join(directory, path));
    else await writeFile(join(directory, path), text);
  }
  const named = repositories ?? { flows: Object.keys(files)[0] ?? "" };
  const builder = await createBuilder({
    repositories: Object.entries(named).map(([name, path]) => ({ name, path })),
    workingDirectory: directory,
    directory: join(temporary.path, "bundles"),
    sdk: { directory: built.sdkDirectory },
  });
  return { builder, temporary, directory, entry: built.entry, bundle: await builder.build() };
}

export async function executorRig(options: RigOptions): Promise<ExecutorRig> {
  const { builder, temporary, directory, entry, bundle } = await buildSources(options);
  await builder.dispose();
  if (!bundle.ok) throw new Error(bundle.error);
  const heard = arrivals<RelayedExecutorMessage>("message");
  const output: string[] = [];
  let executions = 0;
  let onEnded: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (onEnded = resolve));
  const process = startExecutorProcess(
    {
      clock: realClock,
      timers: realTimers,
      endOfTurn: (run) => void setImmediate(run),
      entry,
      workingDirectory: directory,
      variables: globalThis.process.env,
    },
    {
      onMessages: (messages) => messages.forEach((message) => heard.add(message)),
      onOutput: (line) => output.push(line),
      onEnd: (reason) => onEnded(reason),
    },
  );
  process.send({
    kind: "load",
    bundle: bundle.value.path,
    repositories: bundle.value.repositories.map(({ name, namespace, file }) => ({ name, namespace, file })),
    preludeColumns: PRELUDE_COLUMNS,
    workingDirectory: directory,
    temporaryDirectory: temporary.path,
    project: "default",
    environment: "development/joe",
    blobsUrl: options.blobsUrl ?? "http://127.0.0.1:9/blobs",
    isTrial: options.isTrial ?? false,
  });

  const loaded = heard.nextThat(
    (message): message is Message<"ready"> | Message<"failed"> => message.kind === "ready" || message.kind === "failed",
  );
  loaded.catch(() => undefined); // Of interest only to who awaits it: some executors are removed before they have loaded.

  const rig: ExecutorRig = {
    process,
    directory,
    temporaryDirectory: temporary.path,
    loaded,
    send: (command) => process.send(command),
    take: (kind, matches = () => true) =>
      heard.nextThat((message): message is Message<typeof kind> => isKind(message, kind) && matches(message)),
    execute(target, values = [], { timeoutMs } = {}) {
      executions += 1;
      const execution = `Rbcdfghj:${executions}:1`;
      const encoded = values.map((value) => JSON.stringify(value));
      process.send({
        kind: "execute",
        execution,
        target,
        arguments: encoded,
        timeoutMs: timeoutMs ?? null,
        isolation: "shared",
      });
      return execution;
    },
    async run(target, ...values) {
      const execution = rig.execute(target, values);
      return (await rig.take("outcome", (message) => message.execution === execution)).outcome;
    },
    output,
    ended,
    async remove() {
      process.kill("was removed");
      await ended;
      await temporary.remove();
    },
  };
  return rig;
}

function isKind<K extends Kind>(message: RelayedExecutorMessage, kind: K): message is Message<K> {
  return message.kind === kind;
}
