import { afterAll, beforeAll, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { runNight } from "./night.ts";

beforeAll(forgetRateLimits);
afterAll(() => database.end());

test("a whole karaoke night", { timeout: 300_000 }, async () => {
  await runNight(() => {});
});
