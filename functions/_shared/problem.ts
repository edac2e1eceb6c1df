/** One thing that is wrong with what was sent. */
export interface ProblemError {
  /** Where it was sent. */
  in: "path" | "query" | "header" | "body";
  /** Which field, with dots between the levels; empty for the whole. */
  path: string;
  message: string;
  code: string;
}

/** What went wrong, for a program (`code`) and for a person (`title`, `detail`). */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string;
  /** Seconds to wait before the same call may succeed. */
  retryAfter?: number;
  /** Everything that is wrong with the input, at once. */
  errors?: ProblemError[];
}

/** A problem as it is told: RFC 9457. */
export function problemBody(request: Request, problem: Problem): Record<string, unknown> {
  const { status, code, title, detail, retryAfter, errors } = problem;
  return {
    type: `urn:problem:${code}`,
    title,
    status,
    ...(detail !== undefined && { detail }),
    instance: new URL(request.url).pathname,
    ...(retryAfter !== undefined && { retry_after: retryAfter }),
    ...(errors !== undefined && { errors }),
  };
}

/** An error reply of a function that has no protocol of its own. */
export function problemResponse(request: Request, problem: Problem, headers: HeadersInit = {}): Response {
  const { status, retryAfter } = problem;
  const reply = new Headers(headers);
  reply.set("content-type", "application/problem+json");
  reply.set("cache-control", "no-store");
  if (retryAfter !== undefined) reply.set("retry-after", String(retryAfter));
  return new Response(JSON.stringify(problemBody(request, problem)), { status, headers: reply });
}
