import { expect, test } from "vitest";
import { createLog } from "../../functions/_shared/log.ts";
import { handle, type Metric } from "../../functions/ops/handler.ts";
import { environment } from "../support/environment.ts";

const samples: Metric[] = [
  { name: "messages", kind: "gauge", help: "By\nstatus", labels: { status: 'a "b" \\' }, value: 2 },
  { name: "messages", kind: "gauge", help: "By\nstatus", labels: { status: "dead" }, value: 0 },
  { name: "size_bytes", kind: "gauge", help: "Size", labels: {}, value: 1.5 },
];

function probe(path: string, newestMigration: () => Promise<string | null>, init: RequestInit = {}) {
  const log = createLog("ops", "error", () => {});
  return handle(new Request(`http://localhost${path}`, init), {
    newestMigration,
    // The database fails for both or for none.
    metrics: async () => {
      await newestMigration();
      return samples;
    },
    isAllowed: (authorization) => authorization === "Bearer secret",
    log,
  });
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

const withKey = { headers: { authorization: "Bearer secret" } };

test("metrics are text for Prometheus, each name explained once", async () => {
  const response = await probe("/ops/metrics", migrated, withKey);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await response.text()).split("\n")).toEqual([
    "# HELP karaoke_messages By\\nstatus",
    "# TYPE karaoke_messages gauge",
    'karaoke_messages{status="a \\"b\\" \\\\"} 2',
    'karaoke_messages{status="dead"} 0',
    "# HELP karaoke_size_bytes Size",
    "# TYPE karaoke_size_bytes gauge",
    "karaoke_size_bytes 1.5",
    "",
  ]);
});

test("metrics are for holders of the secret key, and need the database", async () => {
  expect((await probe("/ops/metrics", migrated)).status).toBe(401);
  expect((await probe("/ops/metrics", migrated, { headers: { authorization: "Bearer wrong" } })).status).toBe(
    401,
  );
  expect((await probe("/ops/metrics", failing("ECONNREFUSED"), withKey)).status).toBe(503);
});

test("openapi.json names what is here", async () => {
  const { paths } = await (await probe("/ops/openapi.json", migrated)).json() as {
    paths: Record<string, unknown>;
  };
  expect(Object.keys(paths)).toEqual(["/healthz", "/readyz", "/metrics", "/openapi.json"]);
});

test("the served function answers with the database's figures", async () => {
  const url = `${environment.apiUrl}/functions/v1/ops/metrics`;
  expect((await fetch(url)).status).toBe(401);
  const response = await fetch(url, { headers: { authorization: `Bearer ${environment.serviceRoleKey}` } });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toMatch(/^karaoke_database_connections \d+$/m);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(new Set(names).size, "a name in two places").toBe(names.length);
});
