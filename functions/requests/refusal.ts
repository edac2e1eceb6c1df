import { errorState, isConnectionLost } from "../_shared/database.ts";
import type { Problem } from "../_shared/problem.ts";
import { BodyTooLarge } from "../_shared/request.ts";
import type { Answer, Done } from "./database.ts";

/** A call that is answered with a problem. */
export class Refusal extends Error {
  readonly problem: Problem;
  readonly headers: Record<string, string>;

  constructor(problem: Omit<Problem, "title">, headers: Record<string, string> = {}) {
    super(problem.code);
    this.problem = { ...problem, title: titleOf(problem.code) };
    this.headers = headers;
  }
}

/** What was done, or the refusal as an exception. */
export function done(answer: Answer): Done {
  if (!("code" in answer)) return answer;
  throw new Refusal(problemOf(answer));
}

/** A refusal of the database as it is told. */
export function problemOf({ status, code, detail, hint, retry_after }: Exclude<Answer, Done>): Problem {
  return {
    status,
    code,
    title: titleOf(code),
    detail: [detail, hint].filter(Boolean).join(" "),
    ...(retry_after !== undefined && { retryAfter: retry_after }),
  };
}

function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** An error as it is told; the text of errors that are ours stays inside. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof BodyTooLarge) {
    return new Refusal({
      status: 413,
      code: "body_too_large",
      detail: `The body may have ${error.limit} bytes.`,
    });
  }
  const state = errorState(error);
  // Data exceptions: what was sent cannot be a value of the field it was sent for. 22023 is about settings, not data.
  if (/^22(?!023)/.test(state)) {
    return new Refusal({
      status: 400,
      code: "invalid_input",
      detail: "Something that was sent cannot be stored.",
    });
  }
  if (isConnectionLost(error) || state === "57014") {
    const detail = "The database does not answer. Try again in a moment.";
    return new Refusal({ status: 503, code: "database_unavailable", detail, retryAfter: 5 });
  }
  return new Refusal({
    status: 500,
    code: "internal_error",
    detail: "Something failed here; the request id finds it in the log.",
  });
}
