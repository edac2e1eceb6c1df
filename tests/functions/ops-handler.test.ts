import { expect, test } from "vitest";
import { createLog } from "../../functions/_shared/log.ts";
import { handle } from "../../functions/ops/handler.ts";

function probe(path: string, newestMigration: () => Promise<string | null>, init: RequestInit = {}) {
  const log = createLog("ops", "error", () => {});
  return handle(new Request(`http://localhost${path}`, init), { newestMigration, log });
}

const migrated = () => Promise.resolve("20261121000000");
const failing = (code: string) => () => Promise.reject(Object.assign(new Error("internal"), { code }));

test("healthz says that the function runs, without asking the database", async () => {
  const response = await probe("/ops/healthz", failing("ECONNREFUSED"), {
    headers: { "x-request-id": "probe-0001" },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-request-id")).toBe("probe-0001");
  expect(await response.json()).toEqual({ status: "ok" });
});

test("readyz names the newest migration", async () => {
  const response = await probe("/functions/v1/ops/readyz", migrated);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ready", migration: "20261121000000" });
});

test.each([
  ["a database that does not answer", failing("ECONNREFUSED"), "database_unavailable"],
  ["a database without the project's schema", failing("42883"), "database_not_migrated"],
  ["a database without migrations", () => Promise.resolve(null), "database_not_migrated"],
])("%s is not ready, and no inner text gets out", async (_, newestMigration, code) => {
  const response = await probe("/ops/readyz", newestMigration);
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  const body = await response.json() as Record<string, unknown>;
  expect(body).toMatchObject({ type: `urn:problem:${code}`, status: 503, instance: "/ops/readyz" });
  expect(JSON.stringify(body)).not.toContain("internal");
});

test("anything else is a problem with its own status", async () => {
  expect((await probe("/ops/secrets", migrated)).status).toBe(404);
  const response = await probe("/ops/healthz", migrated, { method: "POST" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
