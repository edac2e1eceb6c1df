import { randomUUID } from "node:crypto";
import postgres from "postgres";
import type { Claims } from "./tokens.ts";
import { log } from "./log.ts";
import { Refusal } from "./refusal.ts";

/** What a policy on realtime.messages may look at: the caller and the topic. */
export interface Caller {
  claims: Claims;
  headers: Record<string, string>;
  topic: string;
}

export type Extension = "broadcast" | "presence";

class RolledBack extends Error {}

/**
 * Asks the policies on realtime.messages who may read and write a private channel. Each question is one transaction that
 * is always rolled back: probe rows with nothing but topic and extension are inserted, and seen or not.
 */
export function createAuthorization(sql: postgres.Sql) {
  /** Which of the extensions the caller may read. */
  async function readable(caller: Caller, extensions: Extension[]): Promise<Set<Extension>> {
    const probes = extensions.map((extension) => ({ id: randomUUID(), extension }));
    const seen = new Set<string>();
    await probing(caller.topic, async (transaction) => {
      const inserted = transaction`
        insert into realtime.messages (id, topic, extension, inserted_at, updated_at)
        select probe.id, ${caller.topic}, probe.extension, now() at time zone 'utc', now() at time zone 'utc'
        from unnest(${
        probes.map((probe) => probe.id)
      }::uuid[], ${extensions}::text[]) as probe (id, extension)`;
      const rows = transaction<{ id: string }[]>`
        select id from realtime.messages where id = any (${probes.map((probe) => probe.id)}::uuid[])`;
      const [, , found] = await Promise.all([inserted, become(transaction, caller), rows]);
      for (const row of found) seen.add(row.id);
    });
    return new Set(probes.filter((probe) => seen.has(probe.id)).map((probe) => probe.extension));
  }

  /** Whether the caller may write messages of one extension. */
  async function writable(caller: Caller, extension: Extension): Promise<boolean> {
    let allowed = false;
    await probing(caller.topic, async (transaction) => {
      await become(transaction, caller);
      try {
        // Without `returning`: writing must not depend on the policies for reading.
        await transaction`
          insert into realtime.messages (topic, extension, inserted_at, updated_at)
          values (${caller.topic}, ${extension}, now() at time zone 'utc', now() at time zone 'utc')`;
        allowed = true;
      } catch (error) {
        if (sqlState(error) !== "42501") throw error;
        throw new RolledBack();
      }
    });
    return allowed;
  }

  async function probing(
    topic: string,
    probe: (transaction: postgres.TransactionSql) => Promise<void>,
  ): Promise<void> {
    try {
      await sql.begin(async (transaction) => {
        await probe(transaction);
        throw new RolledBack();
      });
    } catch (error) {
      if (error instanceof RolledBack) return;
      throw explain(error, topic);
    }
  }

  return { readable, writable };
}

export type Authorization = ReturnType<typeof createAuthorization>;

function become(transaction: postgres.TransactionSql, { claims, headers, topic }: Caller) {
  return transaction`
    select
      set_config('role', ${claims.role}, true),
      set_config('realtime.topic', ${topic}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.jwt.claim.sub', ${String(claims.sub ?? "")}, true),
      set_config('request.jwt.claim.role', ${claims.role}, true),
      set_config('request.headers', ${JSON.stringify(headers)}, true)`;
}

function explain(error: unknown, topic: string): Refusal {
  const state = sqlState(error);
  if (state === "23514") {
    return new Refusal(
      "MissingPartition",
      "Realtime was unable to find the expected messages partition",
    );
  }
  // A fatal one ends the connection, or never let it begin: no policy has spoken.
  const isFatal = error instanceof postgres.PostgresError && error.severity === "FATAL";
  if (state === null || isFatal || state.startsWith("08") || state.startsWith("57P")) {
    log("error", "database is out of reach", { error });
    const message = "Realtime was unable to connect to the project database";
    return new Refusal("UnableToConnectToProject", message);
  }
  log("error", "RlsPolicyError", { topic, error });
  return unauthorized(topic);
}

export function unauthorized(topic: string): Refusal {
  const message = `You do not have permissions to read from this Channel topic: ${topic}`;
  return new Refusal("Unauthorized", message);
}

/** The five-character SQLSTATE of an error of the database, null for anything else. */
export function sqlState(error: unknown): string | null {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
