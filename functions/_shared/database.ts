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
 * that meets a broken connection fails at once (see `reconnecting`).
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

/** States of a connection that was refused, lost or closed, and of a database that stops, starts or is full. */
const connectionLost =
  /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|ECONN(REFUSED|RESET)|EPIPE|08\d{3}|57P0[1-3]|53300)$/;

/** Whether the database was away: it may be back in a moment. */
export function isConnectionLost(error: unknown): boolean {
  return connectionLost.test(errorState(error));
}

/**
 * Repeats a call whose connection was lost, so that a short restart of the database goes unnoticed. Only for calls
 * that may safely arrive twice: a lost connection does not tell whether the first one was carried out.
 */
export async function reconnecting<Result>(
  call: () => Promise<Result>,
  patienceSeconds = 3,
): Promise<Result> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (let pause = 25;; pause *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!isConnectionLost(error) || performance.now() + pause > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
