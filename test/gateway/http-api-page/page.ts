import type * as z from "zod";
import { type Route, bodyErrors, commonErrors } from "../../../src/protocol/http-route.ts";
import { errorKinds } from "../../../src/protocol/error-codes.ts";
import { LINK_FRAME_LIMIT_BYTES } from "../../../src/protocol/link-frame.ts";
import { PAGE_LIMIT } from "../../../src/protocol/limits.ts";
import { SLOW_READER_MS, SUBSCRIPTIONS_LIMIT, TOPIC_MESSAGE_LIMIT_BYTES } from "../../../src/gateway/limits.ts";
import {
  READS_WAITING,
  READ_LIMIT_MS,
  RUN_VIEW_CHARACTERS,
  SUBSCRIPTIONS,
  TOPIC_INTERVAL_MS,
  TOPIC_LOGS,
  TOPIC_LOGS_KEPT,
  TOPIC_RUNS,
  TOPIC_RUN_STEPS,
} from "../../../src/orchestrator/limits.ts";
import type { Example } from "./examples.ts";

// The page docs/http-api.md: the words are here, the routes come from their table, the examples from a gateway.

/** An example with what was answered to it. */
export interface Exchange {
  readonly route: Route;
  readonly example: Example;
  readonly status: number;
  readonly body: unknown;
}

export function renderPage(exchanges: readonly Exchange[]): string {
  return [
    introduction,
    ...exchanges.map(renderRoute),
    states,
    sockets,
    `## Error codes\n\n${renderErrorCodes()}\n`,
  ].join("\n");
}

/** Every code, as docs/protocol.md shows them too. */
export function renderErrorCodes(): string {
  const rows = Object.entries(errorKinds).map(
    ([code, { status, remedy }]) => `| \`${code}\` | ${status} | ${remedy} |`,
  );
  return ["| code | status | what to do |", "|---|---|---|", ...rows].join("\n");
}

function renderRoute({ route, example, status, body }: Exchange): string {
  return [
    `## \`${route.method} ${route.path}\`\n`,
    `${route.summary}\n`,
    ...renderFields("parameter", route.query),
    ...renderFields("member of the body", route.body),
    ...renderErrors(route),
    "```http",
    `${route.method} ${example.path}`,
    ...renderHeaders(example),
    ...(example.body === undefined ? [] : ["", renderBody(example.body)]),
    "```\n",
    "```http",
    String(status),
    ...(body === "" ? [] : ["", renderBody(body)]),
    "```\n",
  ].join("\n");
}

function renderFields(title: string, schema: z.ZodType | undefined): string[] {
  if (schema === undefined || !("shape" in schema)) return [];
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>); // Routes take strict objects.
  const rows = fields.map(([name, field]) => {
    const isRequired = !field.safeParse(undefined).success;
    return `| \`${name}\` | ${isRequired ? "required; " : ""}${field.description} |`;
  });
  return [`| ${title} | |`, "|---|---|", ...rows, ""];
}

function renderErrors({ body, errors = [] }: Route): string[] {
  const codes = [...errors, ...(body === undefined ? [] : bodyErrors)].map((code) => `\`${code}\``);
  return codes.length === 0 ? [] : [`Errors: ${codes.join(", ")}.\n`];
}

function renderHeaders({ headers = {}, body }: Example): string[] {
  const sent = typeof body === "object" ? { "content-type": "application/json", ...headers } : headers;
  return Object.entries(sent).map(([name, value]) => `${name}: ${value}`);
}

function renderBody(body: unknown): string {
  if (typeof body === "string") return body.trimEnd();
  const short = JSON.stringify(body);
  return short.length <= 120 ? short : JSON.stringify(body, null, 2);
}

/** `8,000,000`. */
function count(number: number): string {
  return number.toLocaleString("en-US");
}

const introduction = `# HTTP API

JSON in and out, below \`/api\`. The address of an environment is one path segment: \`development/joe\` is written \`development%2Fjoe\`. Times are
milliseconds since the Unix epoch, durations are milliseconds, and their names end in \`Ms\`. A GET answers HEAD too.

This page is made from the table of routes (\`src/protocol/http-api.ts\`) and from what the gateway answers; a test keeps it so.

**Values** are plain JSON where they are plain JSON, and in the tagged form of [the value format](value-format.md) where they are not. A value of
more than 32 KB is a blob: \`{"$":"blob","v":{"key":…,"size":…}}\`, to be fetched from \`blobs/:key\`.
An argument may be given so too: its text is put there first, which is the way for what does not fit into a body.

**Large answers.** The view of a run has all its steps, and the values of its arguments and results, in the order of the steps, up to
${count(RUN_VIEW_CHARACTERS)} characters in all. A value beyond that, or one whose text is no value, is \`{"$":"omitted","v":{"characters":91422}}\`; of an error or
a reason beyond it only the length is told. \`GET …/runs/:run/result\` shows its value whatever the size of the run. A list has at most ${count(PAGE_LIMIT)} entries on a page. A read that
takes longer than ${READ_LIMIT_MS / 1_000} s, a view of more than ${LINK_FRAME_LIMIT_BYTES / 1_048_576} MiB, and one that is asked for while ${count(READS_WAITING)} others wait, are refused with \`overloaded\`.

**Bodies** are UTF-8, \`Content-Type: application/json\`, at most 4 MiB and 64 levels for each argument, not compressed. Members and parameters that a
route does not know are refused, so that a misspelt one is not overlooked.

**Errors** have one form, with the status that the code has in the table at the end:

\`\`\`json
{"error":{"code":"run_not_found","message":"there is no run \\"Rbcdfgh\\" in this environment","details":{"name":"Rbcdfgh"}}}
\`\`\`

\`details\` may be absent; \`details.field\` names what is wrong with a request. A 503 carries \`Retry-After\`, in seconds. Every route can be refused with
${commonErrors.map((code) => `\`${code}\``).join(", ")}.

**While an orchestrator starts or restarts**, requests to its environment wait for up to 10 s. Reads, and runs with an idempotency key, are repeated if
they were under way when it stopped. Of a run without a key nobody then knows whether it was started: \`outcome_unknown\`.

**Who may call.** The server answers to loopback names and to the address it was started with; any other \`Host\` is refused, and so is a write or a
WebSocket from a page of another \`Origin\`.
`;

const states = `## Why an execution does not run

The \`reason\` of an execution in the view of a run is null while it runs and when it is final. Otherwise it is exactly one of these:

| code | members | |
|---|---|---|
| \`delayed\` | \`until\` | its delay is not over |
| \`retry_backoff\` | \`until\` | it is a retry, and waits before it begins |
| \`environment_paused\` | | nothing is assigned while the environment is paused |
| \`ready\` | | its time has come and an agent has room: it is assigned next |
| \`no_agent\` | \`target\` | no connected agent hosts its target |
| \`agents_full\` | \`sessions\` | the agents that host its target have no free slot, or drain |
| \`waiting_limit\` | \`sessions\` | they hold as many waiting executions as their memory allows |
| \`waiting_for\` | \`executions\` | it was assigned, waits for these executions and has yielded its slot |
| \`agent_disconnected\` | \`session\` | it was assigned, and the connection to its agent is lost: it goes on if the agent comes back within its lease, else it is abandoned |
| \`not_started\` | \`session\` | it was assigned, and its agent has not begun with it: its executors are blocked, or start. Known only of executions with a timeout, of which the agent reports the beginning |
`;

const sockets = `## \`GET …/logs\` as a stream

With \`Accept: text/event-stream\` the log is followed. Each event is a page: \`id:\` is its cursor, \`data:\` is what the route answers otherwise. A reader
that comes back with \`Last-Event-ID\` goes on after it. A comment every 15 s shows that the stream lives. An event \`error\` with the body of an error
is the last.

\`\`\`
id: 87
data: {"logs":[{"executionId":"Rk7mQx4pT:2:1","sequence":1,"timestamp":1767607200420,"level":"info","template":"charging order {order}","values":{"order":4711}}],"cursor":"87"}
\`\`\`

## \`WS /api/projects/:project/environments/:environment/topics\`

Live views. Both sides speak JSON text.

\`\`\`
client: ["subscribe", 1, "run/Rk7mQx4pT"]           the number is the client's own
server: ["value", 1, 1, {…}]                        the whole value, version 1
server: ["patch", 1, 2, [[["status"], "running"]]]  what makes version 2 of it
server: ["error", 1, {"code": "run_not_found", "message": "…"}]
client: ["unsubscribe", 1]
\`\`\`

Topics: \`run/<id>\`, \`runs\`, \`repositories\`, \`agents\`, \`logs/<run>\`; their values are what the routes answer. A patch is a list of operations, in order:
\`[path, value]\` sets, \`[path]\` deletes a member or cuts a list at that index, \`[path, values, index]\` inserts into a list. A \`value\` may come at any
time and replaces everything: after a restart of the orchestrator, and for a reader that was too slow for the patches.

\`runs\` are the newest ${count(TOPIC_RUNS)} of all. \`logs/<run>\` begins with the latest ${count(TOPIC_LOGS)} lines, and begins again with them when it has grown to ${count(TOPIC_LOGS_KEPT)}.
\`run/<id>\` ends with the error \`overloaded\` as soon as the run has more than ${count(TOPIC_RUN_STEPS)} steps, or attempts at them: ask the route for it when you need it. So does any topic that takes
longer than ${READ_LIMIT_MS / 1_000} s to read, and a new one while ${count(SUBSCRIPTIONS)} are subscribed to in its environment. A topic changes at most every ${TOPIC_INTERVAL_MS} ms, less often if it takes
long to read or while others have their turn: together they take at most half of the thread that reads. What happens in between is one patch.

The gateway subscribes to a topic once for all its readers. A socket has at most ${SUBSCRIPTIONS_LIMIT} subscriptions and sends messages of at most ${count(TOPIC_MESSAGE_LIMIT_BYTES)} bytes. It is closed with 1002 for what is no such message,
1012 when the server stops, 1013 when nothing of what waits is read for ${SLOW_READER_MS / 1_000} s.

## \`WS /agent?project=&environment=\`

Agents, with the sub-protocol \`coflux.agent.v1\`: see [what the processes say to each other](protocol.md). An upgrade is refused with an HTTP status and
the body of an error.
`;
