import { errorState } from "../_shared/database.ts";
import type { Log } from "../_shared/log.ts";
import { type Problem, problemResponse } from "../_shared/problem.ts";
import { requestId } from "../_shared/request.ts";

/** What the probes look at, and where trouble is reported. */
export interface Dependencies {
  /** Asks the database for the newest migration it has applied; null when it has none. */
  newestMigration(): Promise<string | null>;
  log: Log;
}

const unavailable: Problem = {
  status: 503,
  code: "database_unavailable",
  title: "Database unavailable",
  detail: "The database does not answer. Try again in a moment.",
  retryAfter: 5,
};

const notMigrated: Problem = {
  status: 503,
  code: "database_not_migrated",
  title: "Database not migrated",
  detail: "The database has no migrations yet. Apply them, then ask again.",
  retryAfter: 30,
};

/** States that mean "this is not there yet": a role, a schema, a table, a function, or the right to it. */
const missing = /^(22023|28000|3F000|42501|42704|42883|42P01)$/;

/** Answers the probes of whatever runs the project: `healthz` (the function runs), `readyz` (it can do its work). */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const id = requestId(request);
  const headers = { "x-request-id": id };
  const probe = new URL(request.url).pathname.split("/").at(-1);
  if (probe !== "healthz" && probe !== "readyz") {
    return problemResponse(request, {
      status: 404,
      code: "not_found",
      title: "Not found",
      detail: "There is healthz and readyz here.",
    }, headers);
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return problemResponse(request, {
      status: 405,
      code: "method_not_allowed",
      title: "Method not allowed",
      detail: "Use GET.",
    }, { ...headers, allow: "GET, HEAD" });
  }
  if (probe === "healthz") return ok({ status: "ok" }, headers);
  try {
    const migration = await dependencies.newestMigration();
    return migration === null
      ? problemResponse(request, notMigrated, headers)
      : ok({ status: "ready", migration }, headers);
  } catch (error) {
    dependencies.log.error("not ready", { request_id: id, error });
    const problem = missing.test(errorState(error)) ? notMigrated : unavailable;
    return problemResponse(request, problem, headers);
  }
}

function ok(body: Record<string, string>, headers: Record<string, string>): Response {
  return Response.json(body, { headers: { ...headers, "cache-control": "no-store" } });
}
