import type { Call } from "../call.ts";
import { isUuid } from "../call.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { encodeQuery } from "../redirects.ts";
import type { User } from "../users.ts";
import { findUserById } from "../users.ts";

/** The uuid in a path, or a refusal that names what is wrong. */
export function pathId(call: Call, name: "user_id" | "factor_id" | "identity_id"): string {
  const id = call.c.req.param(name) ?? "";
  if (!isUuid(id)) throw validationFailed(`${name} must be an UUID`, 404);
  return id;
}

/** The user whom an administrator's request names. */
export async function pathUser(call: Call): Promise<User> {
  const user = await findUserById(call.sql, pathId(call, "user_id"));
  if (user === undefined) throw new AuthError(404, "user_not_found", "User not found");
  return user;
}

export interface Page {
  number: number;
  size: number;
}

function wholeNumber(call: Call, name: string, fallback: number): number {
  const text = call.c.req.query(name) ?? "";
  if (text === "") return fallback;
  if (!/^\d{1,9}$/.test(text)) {
    const why = /^\d+$/.test(text) ? "value out of range" : "invalid syntax";
    throw validationFailed(
      `Bad Pagination Parameters: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`,
    );
  }
  return Number(text);
}

export function readPage(call: Call): Page {
  const size = wholeNumber(call, "per_page", 50);
  // The real server divides by it.
  if (size === 0) {
    throw new AuthError(500, "unexpected_failure", "Unexpected failure, please check server logs");
  }
  return { number: Math.max(1, wholeNumber(call, "page", 1)), size };
}

/** The headers by which clients find the other pages. */
export function pageHeaders(call: Call, page: Page, total: number): Record<string, string> {
  const last = Math.ceil(total / page.size);
  const link = (number: number, name: string) => {
    const query = encodeQuery({ ...call.c.req.query(), page: String(number) });
    return `<${call.c.req.path}?${query}>; rel="${name}"`;
  };
  const next = last > page.number ? [link(page.number + 1, "next")] : [];
  return { "x-total-count": String(total), link: [...next, link(last, "last")].join(", ") };
}
