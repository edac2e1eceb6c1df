import postgres from "postgres";

export type Database = postgres.Sql;

/** How a function uses the database. */
export interface DatabaseOptions {
  /** The role every statement runs as: it holds exactly the rights this function needs. */
  role: string;
  /** The most connections one running copy of the function keeps. */
  connections?: number;
  /** After this long the database gives up on a statement. */
  statementSeconds?: number;
}

/**
 * One pool for a running function. It connects when first used and again after the database was away; a statement
 * that meets a broken connection fails at once instead of waiting.
 */
export function connect(url: string, options: DatabaseOptions): Database {
  const { role, connections = 6, statementSeconds = 30 } = options;
  return postgres(url, {
    max: connections,
    idle_timeout: 60,
    connect_timeout: 5,
    fetch_types: false,
    prepare: true,
    // The default waits up to 20 seconds before it tries a returned database again.
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 1),
    onnotice: () => {},
    connection: {
      role,
      application_name: role,
      statement_timeout: statementSeconds * 1000,
    },
    // One statement at a time on a connection: a short one must not queue behind a long one. Not in the types.
    ...{ max_pipeline: 0 },
  });
}

/** The five-character state of an error that came from PostgreSQL, or the client's own code for a lost connection. */
export function errorState(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
