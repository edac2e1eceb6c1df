import postgres from "postgres";
import { environment } from "./environment.ts";

/** The database as its owner `postgres`: to arrange what no API offers and to look at what no API shows. */
export const database = postgres(environment.databaseUrl, { max: 4, onnotice: () => {}, idle_timeout: 5 });

/** All tests come from one address; without this they would share one guest's allowance. */
export async function forgetRateLimits(): Promise<void> {
  // Rows in use are passed over: waiting for them in another order than their users would be a deadlock.
  await database`
    delete from private.rate_limit_counters
    where (rate_limit_key, subject) in (
      select rate_limit_key, subject from private.rate_limit_counters for update skip locked
    )`;
}
