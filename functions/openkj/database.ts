import { type Database, reconnecting } from "../_shared/database.ts";
import { headersOf, type Origin } from "../_shared/request.ts";
import type { Poll } from "./polls.ts";

/**
 * Hands one call to the database in one round trip; the reply comes back as the text that is sent on. OpenKJ itself
 * sends a call again when a connection drops, so every command may arrive twice. `sender` names this running copy of
 * the function: an upload whose batches came through two of them may have lost some in between.
 */
export function openkjCall(database: Database, sender: string) {
  return (body: string, origin: Origin, patienceSeconds?: number): Promise<string> =>
    reconnecting(async () => {
      const [row] = await database<{ reply: string | null }[]>`
        select private.openkj_call(${body}::text::jsonb, ${origin.address}::inet, ${sender}::uuid)::text as reply
        from set_config('request.headers', ${headersOf(origin)}, true)
      `;
      if (!row?.reply) throw new Error("private.openkj_call returned nothing");
      return row.reply;
    }, patienceSeconds);
}

/** Hands polls to the database in one round trip; their replies come back in the same order. */
export function openkjPolls(database: Database) {
  return (polls: Poll[]): Promise<string[]> =>
    reconnecting(async () => {
      const rows = await database<{ reply: string }[]>`
        select reply::text from private.openkj_polls(${JSON.stringify(polls)}::text::jsonb) as reply
      `;
      if (rows.length !== polls.length) throw new Error("private.openkj_polls left polls unanswered");
      return rows.map(({ reply }) => reply);
    });
}
