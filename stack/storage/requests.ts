import type { Context } from "hono";
import * as z from "zod";
import { invalidRequest } from "./errors.ts";
import type { Part } from "./files.ts";

/** The body of a request, in the shape that its address wants. */
export async function readJson<Shape extends z.ZodType>(c: Context, shape: Shape): Promise<z.infer<Shape>> {
  const body = shape.safeParse(await c.req.json().catch(() => undefined));
  if (!body.success) throw invalidRequest(z.prettifyError(body.error));
  return body.data;
}

/**
 * The part of a file that the header `range` asks for. Undefined: all of it, as for a header that cannot be understood or
 * asks for several parts. Null: a part that the file does not have.
 */
export function readRange(header: string | undefined, size: number): Part | null | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start > end ? null : { start, end };
}
