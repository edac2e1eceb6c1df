import { type Database, reconnecting } from "../_shared/database.ts";

/**
 * Hands one call to the database in one round trip; the reply comes back as the text that is sent on. OpenKJ
 * itself sends a call again when a connection drops, so every command may arrive twice, and it never repeats a
 * song batch that was answered with an error: waiting for a restarting database saves the book.
 */
export function openkjCall(database: Database) {
  return (body: string, address: string | null): Promise<string> =>
    reconnecting(async () => {
      const [row] = await database<{ reply: string | null }[]>`
        select private.openkj_call(${body}::text::jsonb, ${address}::inet)::text as reply
      `;
      if (!row?.reply) throw new Error("private.openkj_call returned nothing");
      return row.reply;
    });
}
