import postgres from "postgres";
import type { Context } from "hono";

/** A refusal that callers see: HTTP status, stable code, sentence. */
export class AuthError extends Error {
  readonly status: number;
  /** Empty for refusals of hooks, which have no code. */
  readonly code: string;

  constructor(status: number, code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.code = code;
  }
}

/** The password does not meet the rules; `reasons` says which. */
export class WeakPasswordError extends AuthError {
  readonly reasons: string[];

  constructor(message: string, reasons: string[]) {
    super(422, "weak_password", message);
    this.reasons = reasons;
  }
}

/** An error in OAuth's own shape, which the grant id_token uses. */
export class OAuthError extends Error {
  readonly description: string;

  constructor(error: string, description: string) {
    super(error);
    this.description = description;
  }
}

export function validationFailed(message: string, status = 400): AuthError {
  return new AuthError(status, "validation_failed", message);
}

export function emailExists(status = 422): AuthError {
  return new AuthError(status, "email_exists", "A user with this email address has already been registered");
}

/** The answer would come too late. */
export function timedOut(): AuthError {
  return new AuthError(
    504,
    "request_timeout",
    "Processing this request timed out, please retry after a moment.",
  );
}

/** Runs a database step; its failure becomes a 500 with this sentence and the database's error as cause. */
export async function databaseStep<T>(message: string, step: () => PromiseLike<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof postgres.PostgresError) {
      throw new AuthError(500, "unexpected_failure", message, error);
    }
    throw error;
  }
}

const newFormat = "2024-01-01";

function wantsNewFormat(c: Context): boolean {
  const version = c.req.header("x-supabase-api-version");
  return version !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(version) && version >= newFormat;
}

/** What the database itself said, for errors that come from people's own SQL (old error format only). */
function databaseErrorBody(error: unknown): { status: number; body: Record<string, unknown> } | undefined {
  if (error instanceof AuthError) return databaseErrorBody(error.cause);
  if (!(error instanceof postgres.PostgresError)) return undefined;
  const own = /^PT(\d{3})$/.exec(error.code);
  if (own === null && error.code !== "P0001" && !error.code.startsWith("23")) return undefined;
  return {
    status: own === null ? 500 : Number(own[1]),
    body: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    },
  };
}

function json(status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): Response {
  // Statuses that hooks choose are taken literally, so the check of the constructor is all there is.
  return new Response(JSON.stringify(body), {
    status: status >= 200 && status <= 599 ? status : 500,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** The answer to a failed request, in the format that the caller's API version asks for. */
export function errorResponse(c: Context, error: unknown): Response {
  if (error instanceof OAuthError) {
    return json(400, { error: error.message, error_description: error.description });
  }
  const known = error instanceof AuthError ? error : new AuthError(
    500,
    "unexpected_failure",
    "Unexpected failure, please check server logs for more information",
    error,
  );
  const code = known.code || (known.status === 500 ? "unexpected_failure" : "unknown");
  const weak = known instanceof WeakPasswordError ? { weak_password: { reasons: known.reasons } } : {};
  if (wantsNewFormat(c)) {
    const coded: Record<string, string> = known.code === "" || known instanceof WeakPasswordError
      ? {}
      : { "x-sb-error-code": known.code };
    return json(known.status, { code, message: known.message, ...weak }, {
      "x-supabase-api-version": newFormat,
      ...coded,
    });
  }
  const coded: Record<string, string> = known.code === "" ? {} : { "x-sb-error-code": known.code };
  const own = databaseErrorBody(known.cause);
  if (own !== undefined) return json(own.status, own.body, coded);
  const id = known.status >= 500 ? { error_id: crypto.randomUUID() } : {};
  return json(
    known.status,
    { code: known.status, error_code: code, msg: known.message, ...id, ...weak },
    coded,
  );
}
