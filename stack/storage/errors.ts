import postgres from "postgres";

/** A refusal in the form clients know: status 400 on the wire, the real one in the body, and two kinds of code. */
export class StorageError extends Error {
  readonly status: number;
  readonly code: string;
  readonly error: string;

  constructor(status: number, code: string, error: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.error = error;
  }
}

export const bucketNotFound = () =>
  new StorageError(404, "NoSuchBucket", "Bucket not found", "Bucket not found");
export const objectNotFound = () => new StorageError(404, "NoSuchKey", "not_found", "Object not found");
export const alreadyExists = () =>
  new StorageError(409, "ResourceAlreadyExists", "Duplicate", "The resource already exists");
export const invalidKey = (key: string) =>
  new StorageError(400, "InvalidKey", "InvalidKey", `Invalid key: ${key}`);
export const invalidRequest = (message: string) =>
  new StorageError(400, "InvalidRequest", "invalid_request", message);
export const tooLarge = () =>
  new StorageError(
    413,
    "EntityTooLarge",
    "Payload too large",
    "The object exceeded the maximum allowed size",
  );
export const invalidRange = () =>
  new StorageError(416, "InvalidRange", "InvalidRange", "The requested range is not satisfiable");
export const denied = (message: string) => new StorageError(403, "AccessDenied", "Unauthorized", message);

/** The refusal behind an error, or undefined for a fault of the service. */
export function refusalOf(error: unknown): StorageError | undefined {
  if (error instanceof StorageError) return error;
  if (!(error instanceof postgres.PostgresError)) return undefined;
  if (error.code === "42501") return denied("new row violates row-level security policy");
  if (error.code === "23505") return alreadyExists();
  if (error.code === "23503") return bucketNotFound();
  // A policy or a trigger of the project refused it with words of its own.
  if (/^(P0001|PT4\d\d|22|23)/.test(error.code)) {
    return new StorageError(400, "DatabaseError", "DatabaseError", error.message);
  }
  return undefined;
}

export function errorResponse(error: unknown): Response {
  const refusal = refusalOf(error);
  if (refusal === undefined) console.error(JSON.stringify({ level: "error", message: String(error) }));
  const { status, code, error: kind, message } = refusal ??
    new StorageError(500, "InternalError", "internal", "Internal server error");
  return Response.json({ statusCode: String(status), code, error: kind, message }, {
    status: refusal === undefined ? 500 : 400,
  });
}
