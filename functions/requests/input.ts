import type * as z from "zod";
import type { ProblemError } from "../_shared/problem.ts";
import { readBody } from "../_shared/request.ts";
import { type Operation, operations } from "./operations.ts";
import { Refusal } from "./refusal.ts";

export type Values = Record<string, unknown>;

const longestBody = 64 * 1024;

/** The operation under a path, and the values in the path. */
export function find(method: string, path: string): { operation: Operation; params: Values } {
  const segments = path.split("/");
  const allowed: string[] = [];
  for (const operation of operations) {
    const params = match(operation.path.split("/"), segments);
    if (!params) continue;
    if (operation.method === method) return { operation, params };
    allowed.push(operation.method);
  }
  if (allowed.length > 0) {
    const allow = [...allowed, ...allowed.includes("GET") ? ["HEAD"] : [], "OPTIONS"].join(", ");
    throw new Refusal({ status: 405, code: "method_not_allowed", detail: `Use ${allow}.` }, { allow });
  }
  throw new Refusal({
    status: 404,
    code: "not_found",
    detail: "There is nothing here. openapi.json lists what there is.",
  });
}

function match(template: string[], segments: string[]): Values | undefined {
  if (template.length !== segments.length) return undefined;
  const params: Values = {};
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) params[name] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}

/** The key that a call shows. A Supabase key in Authorization is the gateway's, not ours. */
export function apiKey(headers: Headers): string {
  const bearer = /^Bearer\s+(sk_live_\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const key = headers.get("x-api-key") || bearer;
  if (key) return key;
  throw new Refusal({
    status: 401,
    code: "api_key_required",
    detail: "Send an API key in the header X-API-Key, or as Authorization: Bearer sk_live_….",
  });
}

/** Everything that was sent, checked; all that is wrong with it is told at once. */
export async function readInput(
  request: Request,
  url: URL,
  operation: Operation,
  params: Values,
): Promise<Values> {
  const errors: ProblemError[] = [];
  const values: Values = {};
  const check = (place: ProblemError["in"], schema: z.ZodType<Values> | undefined, value: unknown): void => {
    const result = schema?.safeParse(value);
    if (result?.success) Object.assign(values, result.data);
    for (const { path, message, code } of result?.error?.issues ?? []) {
      errors.push({ in: place, path: path.join("."), message, code });
    }
  };
  check("path", operation.params, params);
  check("query", operation.query, Object.fromEntries(url.searchParams));
  if (operation.body) check("body", operation.body, await readJson(request));
  const idempotencyKey = request.headers.get("idempotency-key");
  if (operation.takesIdempotencyKey && idempotencyKey !== null) {
    if (/^[\x20-\x7e]{1,255}$/.test(idempotencyKey)) values["idempotency_key"] = idempotencyKey;
    else {
      const message = "Send 1 to 255 ASCII characters";
      errors.push({ in: "header", path: "Idempotency-Key", message, code: "invalid_format" });
    }
  }
  if (errors.length === 0) return values;
  const detail = "Some of what was sent is wrong; errors says what and where.";
  throw new Refusal({ status: 400, code: "invalid_input", detail, errors });
}

async function readJson(request: Request): Promise<unknown> {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(request.headers.get("content-type") ?? "")) {
    throw new Refusal({
      status: 415,
      code: "unsupported_media_type",
      detail: "Send JSON with Content-Type: application/json.",
    });
  }
  const bytes = await readBody(request, longestBody);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal({ status: 400, code: "invalid_json", detail: "The body is not valid JSON in UTF-8." });
  }
}
