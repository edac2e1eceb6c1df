import * as z from "zod";
import { type Database, reconnecting } from "../_shared/database.ts";
import { headersOf, type Origin } from "../_shared/request.ts";

/** Who calls: what the database verifies. */
export interface Caller {
  key: string;
  address: string | null;
}

/** One call as it is handed to the database. */
export interface Call extends Caller, Origin {
  operation: string;
  arguments: Record<string, unknown>;
  /** A further look within a call that waits: it does not count against the key's limit. */
  isContinuation: boolean;
  /** It may arrive twice without harm. */
  isRepeatable: boolean;
}

const done = z.object({
  status: z.union([z.literal(200), z.literal(201)]),
  body: z.record(z.string(), z.unknown()),
  caller: z.object({ api_key_id: z.string(), serial: z.int() }),
});

const refused = z.object({
  status: z.int().min(400).max(499),
  code: z.string(),
  detail: z.string(),
  hint: z.string().optional(),
  retry_after: z.int().optional(),
});

const answer = z.union([done, refused]);

export type Done = z.infer<typeof done>;
export type Answer = z.infer<typeof answer>;

/** Hands a call to the database in one round trip. */
export function requestInterfaceCall(database: Database) {
  return async (call: Call): Promise<Answer> => {
    const ask = async () => {
      const [row] = await database<{ answer: string }[]>`
        select private.request_interface_call(
          ${call.operation}::text, ${call.key}::text, ${call.address}::inet,
          ${JSON.stringify(call.arguments)}::text::jsonb, ${call.isContinuation}::boolean
        )::text as answer
        from set_config('request.headers', ${headersOf(call)}, true)
      `;
      return answer.parse(JSON.parse(row?.answer ?? "null"));
    };
    return await (call.isRepeatable ? reconnecting(ask) : ask());
  };
}

/**
 * Reads the change serials of the organizations whose programs wait, in their order; none for a program whose key no
 * longer works. Over a connection of its own.
 */
export function readSerials(database: Database) {
  return async (callers: Caller[]): Promise<(number | undefined)[]> => {
    const rows = await database<{ place: number; serial: number }[]>`
      select place, serial from private.request_interface_serials(${JSON.stringify(callers)}::text::jsonb)
    `;
    const serials = new Map(rows.map(({ place, serial }) => [place, serial]));
    return callers.map((_, index) => serials.get(index + 1));
  };
}
