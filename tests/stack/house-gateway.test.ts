import { describe, expect, test } from "vitest";
import { environment } from "../support/environment.ts";

const { apiUrl, anonKey, publishableKey, secretKey, serviceRoleKey } = environment;

async function call(path: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await fetch(`${apiUrl}${path}`, { method, headers, redirect: "manual" });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

describe("API keys", () => {
  test("a request without a key is refused, and says what is missing", async () => {
    const { status, text } = await call("/rest/v1/");
    expect(status).toBe(401);
    expect(JSON.parse(text)).toMatchObject({ message: "No API key found in request" });
  });

  test("an unknown key is refused", async () => {
    expect((await call("/rest/v1/", { apikey: "sb_publishable_unknown" })).status).toBe(401);
    expect((await call("/auth/v1/settings", { apikey: `${anonKey}x` })).status).toBe(401);
  });

  test.each([
    ["the anon key", anonKey],
    ["the publishable key", publishableKey],
  ])("%s opens the API, but not what is for administrators", async (_name, key) => {
    expect((await call("/auth/v1/settings", { apikey: key })).status).toBe(200);
    expect((await call("/auth/v1/admin/users", { apikey: key })).status).toBe(403);
  });

  test.each([
    ["the service role key", serviceRoleKey],
    ["the secret key", secretKey],
  ])("%s opens what is for administrators, with and without a bearer", async (_name, key) => {
    const withBearer = { apikey: key, authorization: `Bearer ${key}` };
    expect((await call("/auth/v1/admin/users", { apikey: key })).status).toBe(200);
    expect((await call("/auth/v1/admin/users", withBearer)).status).toBe(200);
  });

  test("a link from a mail needs no key", async () => {
    const { status } = await call("/auth/v1/verify?token=none&type=signup");
    expect(status).not.toBe(401);
  });

  test("what a bearer of its own says wins over the key", async () => {
    const { status } = await call("/rest/v1/", { apikey: secretKey, authorization: "Bearer nonsense" });
    expect(status).toBe(401);
  });
});

describe("pages of other origins", () => {
  test.each(["/rest/v1/venues", "/auth/v1/token", "/functions/v1/openkj"])(
    "%s answers the browser's question beforehand",
    async (path) => {
      const { status, headers } = await call(path, {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,authorization,content-type,x-client-info",
      }, "OPTIONS");
      expect(status).toBeLessThan(300);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-methods")).toContain("POST");
      const allowed = headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
      for (const name of ["apikey", "authorization", "content-type", "x-client-info"]) {
        expect(allowed).toContain(name);
      }
    },
  );

  test("they may read answers, refusals too", async () => {
    for (const key of [publishableKey, "unknown"]) {
      const answer = await call("/rest/v1/", { apikey: key, origin: "https://app.example.com" });
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    }
  });
});

describe("unknown addresses", () => {
  test("an unknown service is not found", async () => {
    expect((await call("/nothing/v1/here", { apikey: publishableKey })).status).toBe(404);
  });

  test("an unknown function is not found", async () => {
    expect((await call("/functions/v1/nothing", { apikey: publishableKey })).status).toBe(404);
  });
});
