import { randomUUID } from "node:crypto";
import decodeQr from "qr/decode.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../functions/_shared/log.ts";
import { handle } from "../../functions/venues/handler.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { addVenue, type Host, type Person, signInGuest, signUpHost } from "../support/people.ts";

const base = `${environment.apiUrl}/functions/v1/venues`;
let host: Host;
let other: Host;

beforeAll(async () => {
  await forgetRateLimits();
  [host, other] = await Promise.all([signUpHost("qr"), signUpHost("other")]);
});
afterAll(() => database.end());

async function tokenOf({ client }: Person): Promise<Record<string, string>> {
  const { data } = await client.auth.getSession();
  return { authorization: `Bearer ${data.session?.access_token ?? ""}`, apikey: environment.publishableKey };
}

const code = (urlName: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`${base}/${urlName}/qr.svg`, { method, headers });

/** What a phone reads in the picture: its modules, drawn four pixels wide, decoded. */
function read(svg: string): string {
  const size = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1]);
  const width = size * 4;
  const data = new Uint8Array(width * width * 3).fill(255);
  let [x, y] = [0, 0];
  for (const [, command, across, down] of svg.matchAll(/([Mm])(-?\d+)[\s,]*(-?\d+)/g)) {
    [x, y] = command === "M" ? [Number(across), Number(down)] : [x + Number(across), y + Number(down)];
    for (let row = y * 4; row < y * 4 + 4; row++) {
      data.fill(0, (row * width + x * 4) * 3, (row * width + x * 4 + 4) * 3);
    }
  }
  return decodeQr({ width, height: width, data });
}

describe("a venue's code", () => {
  test("opens the venue's page, is found by a former name too, and can be kept", async () => {
    const venue = await addVenue(host, { name: `Poster ${randomUUID().slice(0, 8)}` });
    const wanted = `qr-${randomUUID().slice(0, 8)}`;
    const [setting] = await database<{ url: string }[]>`select private.setting('venue_page_url') as url`;
    const first = await code(venue.url_name);
    expect([first.status, first.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
    expect(first.headers.get("access-control-allow-origin")).toBe("*");
    const svg = await first.text();
    expect(svg).toContain('fill="#fff"');
    expect(read(svg)).toBe(`${setting?.url ?? ""}${venue.url_name}`);
    const etag = { "if-none-match": first.headers.get("etag") ?? "" };
    expect((await code(venue.url_name, etag)).status).toBe(304);
    const head = await code(venue.url_name, {}, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);

    await host.client.rpc("change_url_name", { p_venue_id: venue.id, p_url_name: wanted });
    const second = await code(venue.url_name.toUpperCase(), etag);
    expect(read(await second.text())).toBe(`${setting?.url ?? ""}${wanted}`);
  });

  test("is not there for a venue that is unknown or archived", async () => {
    const venue = await addVenue(host, { name: `Gone ${randomUUID().slice(0, 8)}` });
    await host.client.rpc("archive_venue", { p_venue_id: venue.id });
    for (const name of [venue.url_name, `nowhere-${randomUUID()}`, "%25", "..%2Fadmin", "%E0%A4%A"]) {
      const answer = await code(name, await tokenOf(host));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
      expect(await answer.json()).toMatchObject({ status: 404 });
      expect(answer.headers.get("x-request-id")).toBeTruthy();
    }
  });

  test("of a private venue is for its members only, and kept by nobody between", async () => {
    const venue = await addVenue(host, { name: `Private ${randomUUID().slice(0, 8)}`, is_private: true });
    const guest = await signInGuest();
    const unknown = await (await code(`nowhere-${randomUUID()}`)).json() as Record<string, unknown>;
    for (const headers of [{}, await tokenOf(guest), await tokenOf(other)]) {
      const answer = await code(venue.url_name, headers);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ type: unknown["type"], title: unknown["title"] });
    }
    const mine = await code(venue.url_name, await tokenOf(host));
    expect([mine.status, mine.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
    await mine.body?.cancel();
    const broken = await code(venue.url_name, { authorization: "Bearer nonsense" });
    expect(broken.status).toBe(401);
    await broken.body?.cancel();
  });

  test("is all there is", async () => {
    const post = await code("the-demo-bar", {}, "POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect((await code("the-demo-bar", {}, "OPTIONS")).status).toBe(204);
    expect((await fetch(`${base}/the-demo-bar`)).status).toBe(404);
    expect((await fetch(`${base}/the-demo-bar/qr.png`)).status).toBe(404);
  });
});

test("an API that fails is told without its words", async () => {
  const lines: string[] = [];
  const answer = await handle(new Request("http://localhost/venues/x/qr.svg"), {
    findPage: () => Promise.reject(new Error("internal words")),
    log: createLog("venues", "error", (line) => lines.push(line)),
  });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await answer.text()).not.toContain("internal words");
  expect(lines).toHaveLength(1);
});
