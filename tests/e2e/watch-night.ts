import { database, forgetRateLimits } from "../support/database.ts";
import { runNight } from "./night.ts";

/** Runs the night against the running stack for people to watch. */
await forgetRateLimits();
try {
  await runNight(console.log);
  console.log("\nThe night is over, everything was as it should be.");
} finally {
  await database.end();
}
