import type { Context } from "hono";
import { z } from "zod";
import { AuthError } from "./errors.ts";

function badJson(why: string): AuthError {
  return new AuthError(400, "bad_json", `Could not parse request body as JSON: ${why}`);
}

/** Keys compare without case and a null is as good as absent. */
function normalised(value: unknown): unknown {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key.toLowerCase(), item]));
}

/** The body's text, with a byte order mark if there is one: that is no JSON. */
async function bodyText(c: Context): Promise<string> {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await c.req.arrayBuffer());
}

/** The request's body as the schema describes it (its keys in lower case). Unknown keys are dropped. */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const text = await bodyText(c);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badJson(text.trim() === "" ? "unexpected end of JSON input" : (error as Error).message);
  }
  const result = schema.safeParse(normalised(value));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw badJson(`${issue?.path.join(".") || "body"}: ${issue?.message ?? "wrong type"}`);
  }
  return result.data;
}

/** As readBody, but no body at all is an empty one. */
export async function readOptionalBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.infer<T>> {
  const text = await bodyText(c);
  return text.trim() === "" ? schema.parse({}) : await readBody(c, schema);
}

/** An optional string; absent is empty, as the service sees no difference. */
export const optionalText = z.string().default("");

/** Free data of a user: any JSON object. */
export const metadata = z.record(z.string(), z.unknown());

/** The two halves of a code challenge, part of every request that may end in a code exchange. */
export const challengeFields = { code_challenge: optionalText, code_challenge_method: optionalText };
