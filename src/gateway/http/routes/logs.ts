import type { ApiParts, RouteHandlers } from "../route-handlers.ts";
import { type Result, failure, ok } from "../../../base/result.ts";
import type { Failure } from "../../../protocol/error-codes.ts";
import { invalidField } from "../../../protocol/failures.ts";
import type { LogsView } from "../../../protocol/views.ts";
import { logEvents } from "../log-stream.ts";
import { parseStepId } from "../../../protocol/ids.ts";

const CURSOR_LIMIT = 100;

/** The log of a run: a page of it, or a stream that follows. */
export function logRoutes({ links, timers }: ApiParts): RouteHandlers<"get-logs"> {
  return {
    async "get-logs"({ parameters, query, raw }) {
      const step = stepNumber(parameters.run, query.step);
      if (!step.ok) return step;
      const found = await links.find(parameters);
      if (!found.ok) return found;
      const { link } = found.value;
      const filter = {
        run: parameters.run,
        step: step.value,
        attempt: query.attempt ?? null,
        level: query.level ?? null,
      };
      const read = (after: string | null): Promise<Result<LogsView, Failure>> =>
        link.request("get-logs", { ...filter, after, limit: query.limit });

      if (!isStreamWanted(raw)) return read(query.after ?? null);
      const after = lastEventId(raw) ?? query.after ?? null;
      const first = await read(after);
      if (!first.ok) return first;
      const events = logEvents({
        topics: link.topics,
        run: parameters.run,
        first: first.value,
        after,
        read,
        pageLimit: query.limit,
        timers,
        signal: raw.signal,
      });
      return new Response(bytesOf(events), { headers: streamHeaders });
    },
  };
}

const streamHeaders = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };

/** The number of the step to which the log is narrowed; its id is as good, if it is one of this run. */
function stepNumber(run: string, step: string | undefined): Result<number | null, Failure> {
  if (step === undefined) return ok(null);
  const id = parseStepId(step);
  if (id === undefined) return ok(Number(step));
  if (id.run === run) return ok(id.step);
  return failure(invalidField("step", `${step} is no step of ${run}`));
}

function isStreamWanted(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/event-stream") ?? false;
}

/** What a browser sends by itself when it comes back; something that we did not give is not looked at. */
function lastEventId(request: Request): string | null {
  const id = request.headers.get("last-event-id");
  return id !== null && id.length > 0 && id.length <= CURSOR_LIMIT ? id : null;
}

/** One piece for each text, made when the reader has taken the one before. */
function bytesOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const next = await texts.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await texts.return(undefined);
    },
  });
}
