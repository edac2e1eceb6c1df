import { readFile } from "node:fs/promises";
import postgres from "postgres";

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;
/** A place to run statements: the pool, where each is its own transaction, or a transaction. */
export type Queryable = Sql | Transaction;
export type Json = postgres.JSONValue;
export type JsonObject = Record<string, unknown>;

/** Connects as the service's own role. */
export function connect(url: string, connections: number): Sql {
  return postgres(url, {
    max: connections,
    onnotice: () => {},
    connection: { application_name: "auth", TimeZone: "UTC" },
  });
}

/** A value for a json or jsonb column. */
export function jsonValue(sql: Queryable, value: unknown): postgres.Parameter {
  return sql.json(value as Json);
}

/** Creates or completes the schema `auth`. Safe to repeat and to run twice at once. */
export async function migrate(sql: Sql): Promise<void> {
  const schema = await readFile(new URL("./schema.sql", import.meta.url), "utf8");
  await sql.begin(async (transaction) => {
    await transaction`select pg_advisory_xact_lock(hashtext('auth.migrate'))`;
    await transaction.unsafe(schema);
  });
}
