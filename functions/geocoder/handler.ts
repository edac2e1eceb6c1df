import type { Log } from "../_shared/log.ts";
import { problemResponse } from "../_shared/problem.ts";
import { requestId } from "../_shared/request.ts";
import type { Address, Geocoder, Position } from "./geocoder.ts";

/** A venue whose address is to be looked up. */
export interface Task extends Address {
  venue_id: string;
  /** Which state of the address this is. */
  revision: string;
}

/** What looking up came to. */
export type Outcome =
  | { outcome: "found"; position: Position }
  | { outcome: "not_found" | "failed"; error: string };

export interface Dependencies {
  claim(limit: number): Promise<Task[]>;
  /** Writes an outcome down; false when the address has changed meanwhile. */
  finish(task: Task, outcome: Outcome): Promise<boolean>;
  /** Nothing where no provider is configured: the tasks then wait for one. */
  geocoder: Geocoder | undefined;
  isAllowed(authorization: string | null): boolean;
  log: Log;
}

/** A run ends by itself well before the platform would end it. */
const longestRunSeconds = 50;

/** Runs once: looks up what is due until nothing is left or the provider fails, and answers how much that was. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const { claim, geocoder, isAllowed, log } = dependencies;
  const headers = { "x-request-id": requestId(request) };
  if (!isAllowed(request.headers.get("authorization"))) {
    const detail = "Send the project's secret key as a bearer token.";
    return problemResponse(
      request,
      { status: 401, code: "not_allowed", title: "Not allowed", detail },
      headers,
    );
  }
  if (request.method !== "POST") {
    const problem = {
      status: 405,
      code: "method_not_allowed",
      title: "Method not allowed",
      detail: "Use POST.",
    };
    return problemResponse(request, problem, { ...headers, allow: "POST" });
  }
  const counts = { found: 0, not_found: 0, failed: 0, outdated: 0 };
  const deadline = performance.now() + longestRunSeconds * 1000;
  while (geocoder && performance.now() < deadline) {
    // One at a time: who looks up slowly must not sit on what another run could do.
    const [task] = await claim(1);
    if (!task) break;
    const outcome = await lookUp(task, geocoder);
    const isCurrent = await dependencies.finish(task, outcome);
    counts[isCurrent ? outcome.outcome : "outdated"]++;
    log.info("geocoded", {
      venue_id: task.venue_id,
      provider: geocoder.provider,
      outcome: isCurrent ? outcome.outcome : "outdated",
      ...("error" in outcome && { error: outcome.error }),
    });
    // A provider in trouble is left alone; what is due comes again.
    if (outcome.outcome === "failed") break;
    await new Promise((resolve) => setTimeout(resolve, geocoder.pauseMilliseconds));
  }
  return Response.json(counts, { headers });
}

async function lookUp(task: Task, geocoder: Geocoder): Promise<Outcome> {
  try {
    const position = await geocoder.find(task);
    if (position) return { outcome: "found", position };
    return { outcome: "not_found", error: "The provider knows no such address" };
  } catch (error) {
    return { outcome: "failed", error: error instanceof Error ? error.message : String(error) };
  }
}
