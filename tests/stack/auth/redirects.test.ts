import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OwnServer } from "./support/own-server.ts";
import { canStartServers, startServer } from "./support/own-server.ts";
import { call } from "./support/api.ts";

let server: OwnServer;
const site = "http://127.0.0.1:3000";

beforeAll(async () => {
  if (!canStartServers) return;
  server = await startServer({
    GOTRUE_SITE_URL: "https://karaoke.example.com/app",
    GOTRUE_URI_ALLOW_LIST: [
      "https://exact.example.com/callback",
      "https://*.sub.example.com/**",
      "https://one.example.com/*/in",
      "https://any.example.com/path?",
      "myapp://**",
      "https://class.example.com/[a-c]/[xyz]/[!0-9]",
      "https://literal.example.com/\\*",
    ].join(","),
  });
});

afterAll(async () => await server?.stop());

/** Where a link that is no good leads: an address that is not allowed gives way to the site's. */
async function target(
  redirectTo: string,
  base?: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const query = new URLSearchParams({ token: "0".repeat(56), type: "signup", redirect_to: redirectTo });
  const answer = await call(
    "GET",
    `/verify?${query}`,
    undefined,
    base === undefined ? { headers } : { base, headers },
  );
  expect(answer.status).toBe(303);
  return (answer.headers.get("location") ?? "").split("#")[0] ?? "";
}

describe("with this project's settings", () => {
  test("people are sent to the site and to its own pages", async () => {
    expect(await target("")).toMatch(/^http:\/\/(127\.0\.0\.1|localhost):3000\/?$/);
    for (const page of [`${site}/in`, "http://localhost:3000/deep/in", "http://127.0.0.1:9999/x"]) {
      expect(await target(page)).toBe(page);
    }
  });

  test("and nowhere else", async () => {
    const elsewhere = [
      "https://evil.example.com/",
      "https://127.0.0.1.evil.example.com/",
      "http://127.0.0.1:3000@evil.example.com/",
      "http://evil.example.com#http://127.0.0.1:3000/",
      "http://evil.example.com\\@127.0.0.1:3000/",
      "//evil.example.com/",
      "/relative",
      "javascript:alert(1)",
      "data:text/html,hello",
      "http://2130706433/",
      "http://0x7f000001/",
      "http://192.0.2.1/",
      "http://127.0.0.1:3000\r\nset-cookie: stolen=1",
      "http://127.0.0.1:3000/\r\n\r\n<script>",
      " http://127.0.0.1:3000/in",
    ];
    for (const address of elsewhere) {
      const led = await target(address);
      expect([address, /^http:\/\/(127\.0\.0\.1|localhost):3000\/?$/.test(led)]).toEqual([address, true]);
    }
  });

  test("headers of the answer cannot be written by callers", async () => {
    const query = `token=${"0".repeat(56)}&type=signup&redirect_to=${site}/%0d%0aset-cookie:%20stolen=1`;
    const { status, headers } = await call("GET", `/verify?${query}`);
    expect(status).toBe(303);
    expect(headers.get("set-cookie")).toBeNull();
  });

  test("the header comes before the query, and the referer last", async () => {
    const headers = { redirect_to: `${site}/header`, referer: `${site}/referer` };
    expect(await target(`${site}/query`, undefined, headers)).toBe(`${site}/header`);
    expect(await target(`${site}/query`, undefined, { referer: `${site}/referer` })).toBe(`${site}/query`);
    expect(await target("https://evil.example.com", undefined, { referer: `${site}/referer` })).toBe(
      `${site}/referer`,
    );
  });
});

describe.skipIf(!canStartServers)("a list of addresses", () => {
  const ask = (address: string) => target(address, server.url);

  test("allows what its patterns say", async () => {
    const allowed = [
      "https://karaoke.example.com/anything",
      "https://exact.example.com/callback",
      "https://a.sub.example.com/deep/path/x",
      "https://one.example.com/word/in",
      "https://any.example.com/path1",
      "myapp://open/somewhere",
      "https://class.example.com/b/z/q",
      "https://literal.example.com/*",
      "http://127.0.0.1:1234/x",
      "http://[::1]:1234/x",
    ];
    for (const address of allowed) expect([address, await ask(address)]).toEqual([address, address]);
  });

  test("and nothing more", async () => {
    const refused = [
      "http://karaoke.example.com/",
      "https://karaoke.example.com:8443/",
      "https://exact.example.com/callback/",
      "https://exact.example.com/callback?x=1",
      "https://a.b.sub.example.com/x",
      "https://sub.example.com/x",
      "https://one.example.com/two/words/in",
      "https://one.example.com/a.b/in",
      "https://any.example.com/path",
      "https://any.example.com/path12",
      "otherapp://open",
      "https://class.example.com/d/z/q",
      "https://class.example.com/b/w/q",
      "https://class.example.com/b/z/7",
      "https://literal.example.com/x",
      "http://10.0.0.1/",
    ];
    for (const address of refused) {
      expect([address, await ask(address)]).toEqual([address, "https://karaoke.example.com/app"]);
    }
  });
});
