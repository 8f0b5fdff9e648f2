import { exhaustive } from "../../base/exhaustive.ts";
import { type Result, failure, ok } from "../../base/result.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { invalidField, notFound } from "../../protocol/failures.ts";
import type { RequestName, RequestParams, RequestResults } from "../../protocol/orchestrator-requests.ts";
import type { Views } from "./views.ts";

/** Requests that only read, and that people make: they are answered by the reader's thread. */
export type ReadName = Extract<RequestName, "list-runs" | "get-run" | "get-logs" | "list-repositories" | "list-agents">;

export type Read = { [N in ReadName]: { readonly name: N; readonly params: RequestParams<N> } }[ReadName];

/** All but the view of a run, which is written page by page. */
export type PlainRead = Exclude<Read, { readonly name: "get-run" }>;

export function answerRead(views: Views, read: PlainRead): Result<RequestResults[PlainRead["name"]], Failure> {
  switch (read.name) {
    case "list-runs": {
      const { cursor, ...filter } = read.params;
      const before = rowIn(cursor);
      return before === undefined ? badCursor("cursor", cursor) : ok(views.runs({ ...filter, before }));
    }
    case "get-logs": {
      const { run, after: cursor, ...filter } = read.params;
      const after = rowIn(cursor);
      if (after === undefined) return badCursor("after", cursor);
      const page = found(views.logs(run, { ...filter, after }), run);
      const isEmpty = page.ok && page.value.logs.length === 0;
      const isOfNoStep = isEmpty && filter.step !== null && !views.hasStep(run, filter.step);
      return isOfNoStep ? failure(notFound("step_not_found", `${run}:${filter.step}`)) : page;
    }
    case "list-repositories":
      return ok(views.repositories());
    case "list-agents":
      return ok(views.agents());
    default:
      return exhaustive(read);
  }
}

/** A cursor is the row where a page ended; undefined when it is none of ours. */
function rowIn(cursor: string | null): number | null | undefined {
  if (cursor === null) return null;
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
}

function badCursor(field: "cursor" | "after", cursor: string | null): Result<never, Failure> {
  const problem = `${JSON.stringify(cursor)} is no cursor: use the one of an earlier page as it is`;
  return failure(invalidField(field, problem));
}

export function found<T>(view: T | undefined, run: string): Result<T, Failure> {
  return view === undefined ? failure(notFound("run_not_found", run)) : ok(view);
}
