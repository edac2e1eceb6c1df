import { errorState } from "../_shared/database.ts";
import type { Log } from "../_shared/log.ts";
import { type Problem, problemResponse } from "../_shared/problem.ts";
import { requestId } from "../_shared/request.ts";
import { openapi } from "./openapi.ts";

/** One sample of a figure. */
export interface Metric {
  name: string;
  kind: string;
  help: string;
  labels: Record<string, string>;
  value: number;
}

/** What the probes look at, and where trouble is reported. */
export interface Dependencies {
  /** Asks the database for the newest migration it has applied; null when it has none. */
  newestMigration(): Promise<string | null>;
  /** Reads the figures of the running platform; samples of one name follow each other. */
  metrics(): Promise<Metric[]>;
  /** Whether the caller may read them. */
  isAllowed(authorization: string | null): boolean;
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

/** The figures in Prometheus' text format 0.0.4: each name's help and type once, before its samples. */
export function exposition(metrics: Metric[]): string {
  const escape = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  const lines: string[] = [];
  let last = "";
  for (const { name, kind, help, labels, value } of metrics) {
    if (name !== last) lines.push(`# HELP karaoke_${name} ${escape(help)}`, `# TYPE karaoke_${name} ${kind}`);
    last = name;
    const pairs = Object.entries(labels).map(([label, text]) =>
      `${label}="${escape(text).replaceAll('"', '\\"')}"`
    );
    lines.push(`karaoke_${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`);
  }
  return lines.join("\n") + "\n";
}

/**
 * Answers whatever runs the project: `healthz` (the function runs), `readyz` (it can do its work), `metrics` (the
 * platform's figures, for holders of the project's secret key) and `openapi.json` (what is here).
 */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const id = requestId(request);
  const headers = { "x-request-id": id };
  const page = new URL(request.url).pathname.split("/").at(-1) ?? "";
  if (!["healthz", "readyz", "metrics", "openapi.json"].includes(page)) {
    return problemResponse(request, {
      status: 404,
      code: "not_found",
      title: "Not found",
      detail: "There is healthz, readyz, metrics and openapi.json here.",
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
  if (page === "healthz") return ok({ status: "ok" }, headers);
  if (page === "openapi.json") return ok(openapi, headers);
  if (page === "metrics" && !dependencies.isAllowed(request.headers.get("authorization"))) {
    return problemResponse(request, {
      status: 401,
      code: "not_allowed",
      title: "Not allowed",
      detail: "Send the project's secret key as a bearer token.",
    }, headers);
  }
  try {
    if (page === "metrics") {
      return new Response(exposition(await dependencies.metrics()), {
        headers: {
          ...headers,
          "content-type": "text/plain; version=0.0.4; charset=utf-8",
          "cache-control": "no-store",
        },
      });
    }
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

function ok(body: Record<string, unknown>, headers: Record<string, string>): Response {
  return Response.json(body, { headers: { ...headers, "cache-control": "no-store" } });
}
