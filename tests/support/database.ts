import postgres from "postgres";
import { environment } from "./environment.ts";

/** The database as its owner `postgres`: to arrange what no API offers and to look at what no API shows. */
export const database = postgres(environment.databaseUrl, { max: 4, onnotice: () => {}, idle_timeout: 5 });

/**
 * All tests come from one address and many use the demo's venue; without this they would share one guest's allowance. What counts
 * a person, a key or an invitation is left alone: another test may be counting it.
 */
export async function forgetRateLimits(): Promise<void> {
  // Rows in use are passed over: waiting for them in another order than their users would be a deadlock.
  await database`
    delete from private.rate_limit_counters
    where (rate_limit_key, subject) in (
      select rate_limit_key, subject from private.rate_limit_counters
      where subject !~ '^[0-9a-f]{8}-' or rate_limit_key ~ '_per_venue$'
      for update skip locked
    )`;
}

/** Gives one user, organization or key all its allowances back. */
export async function forgetRateLimitsOf(subject: string): Promise<void> {
  await database`delete from private.rate_limit_counters where subject = ${subject}`;
}
