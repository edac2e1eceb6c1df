import type { Database } from "../_shared/database.ts";

/** Hands one call to the database in one round trip; the reply comes back as the text that is sent on. */
export function openkjCall(database: Database) {
  return async (body: string, address: string | null, userAgent: string | null): Promise<string> => {
    const [row] = await database<{ reply: string }[]>`
      select private.openkj_call(${body}::text::jsonb, ${address}::inet, ${userAgent}::text)::text as reply
    `;
    if (!row?.reply) throw new Error("private.openkj_call returned nothing");
    return row.reply;
  };
}
