import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../functions/_shared/log.ts";
import { type Address, type Geocoder, here, nominatim } from "../../functions/geocoder/geocoder.ts";
import { handle, type Outcome, type Task } from "../../functions/geocoder/handler.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { addVenue, expectData, type Host, newClient, signUpHost } from "../support/people.ts";

const place: Address = {
  address: "116 Rosa L Parks Blvd",
  city: "Nashville",
  state: "TN",
  postal_code: "37203",
  country: "USA",
};

interface Question {
  path: string;
  query: URLSearchParams;
  userAgent: string | undefined;
}

/** The wire formats of Nominatim's search and HERE's geocode, as far as this product meets them. */
class Provider {
  readonly questions: Question[] = [];
  /** What is said about an address that contains the word; without one: a point in Nashville. */
  readonly answers = new Map<string, { status?: number; body?: unknown; holdUntil?: Promise<void> }>();
  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://provider");
    this.questions.push({
      path: url.pathname,
      query: url.searchParams,
      userAgent: request.headers["user-agent"],
    });
    const q = url.searchParams.get("q") ?? "";
    const special = [...this.answers].find(([word]) => q.includes(word))?.[1] ?? {};
    const usual = url.pathname === "/search"
      ? [{ place_id: 1, lat: "36.1613", lon: "-86.7775", display_name: q }]
      : { items: [{ title: q, position: { lat: 36.1613, lng: -86.7775 } }] };
    void (special.holdUntil ?? Promise.resolve()).then(() => {
      response.writeHead(special.status ?? 200, { "content-type": "application/json" })
        .end(JSON.stringify(special.body ?? usual));
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const provider = new Provider();
let url: string;
let host: Host;

beforeAll(async () => {
  await forgetRateLimits();
  url = await provider.start();
  host = await signUpHost("geocoder");
});
afterAll(async () => {
  provider.stop();
  await database.end();
});

describe("the clients", () => {
  const nowhere = `Nowhere ${randomUUID()}`;
  const broken = `Broken ${randomUUID()}`;
  const kinds = (): [string, Geocoder, string][] => [
    ["nominatim", nominatim({ url, userAgent: "karaoke tests", timeoutSeconds: 5 }), "/search"],
    ["here", here({ url: `${url}/`, apiKey: "here-key", timeoutSeconds: 5 }), "/v1/geocode"],
  ];

  test("ask for the whole address, country and all, and take the first match", async () => {
    for (const [name, client, path] of kinds()) {
      expect(client.provider).toBe(name);
      expect(await client.find(place)).toEqual({ latitude: 36.1613, longitude: -86.7775 });
      const asked = provider.questions.at(-1);
      expect(asked?.path).toBe(path);
      expect(asked?.query.get("q")).toBe("116 Rosa L Parks Blvd, Nashville, TN 37203, USA");
      expect(asked?.query.get("limit")).toBe("1");
      if (name === "nominatim") expect(asked?.userAgent).toBe("karaoke tests");
      else expect(asked?.query.get("apiKey")).toBe("here-key");
    }
  });

  test("know a place that is not found from a provider that cannot be asked", async () => {
    for (const [name, client] of kinds()) {
      provider.answers.set(nowhere, { body: name === "here" ? { items: [] } : [] });
      expect(await client.find({ ...place, address: nowhere })).toBeUndefined();
      for (const answer of [{ status: 429 }, { status: 500 }, { body: { error: "no" } }]) {
        provider.answers.set(broken, answer);
        const failure = await client.find({ ...place, address: broken }).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(Error);
        expect(String(failure)).not.toContain("here-key");
      }
      provider.answers.set(broken, {
        body: name === "here" ? { items: [{ position: { lat: 136, lng: 0 } }] } : [{ lat: "136", lon: "0" }],
      });
      await expect(client.find({ ...place, address: broken })).rejects.toThrow();
    }
  });
});

describe("a run", () => {
  const task = (number: number): Task => ({ ...place, venue_id: `venue ${number}`, revision: "r" });

  async function run(tasks: Task[], geocoder: Geocoder | undefined, init: RequestInit = { method: "POST" }) {
    const finished: Outcome[] = [];
    const waiting = [...tasks];
    const response = await handle(new Request("http://localhost/geocoder", init), {
      claim: () => Promise.resolve(waiting.splice(0, 1)),
      finish: ({ venue_id }, outcome) => {
        finished.push(outcome);
        return Promise.resolve(venue_id !== "venue 2");
      },
      geocoder,
      isAllowed: () => init.headers === undefined,
      log: createLog("geocoder", "error"),
    });
    return { status: response.status, body: await response.json() as unknown, finished, waiting };
  }

  const answering = (find: Geocoder["find"]): Geocoder => ({ provider: "test", pauseMilliseconds: 0, find });

  test("looks up everything that is due and counts what came of it", async () => {
    let asked = 0;
    const found = { latitude: 1, longitude: 2 };
    const { body, finished } = await run(
      [task(1), task(2), task(3)],
      answering(() => Promise.resolve(++asked === 3 ? undefined : found)),
    );
    expect(body).toEqual({ found: 1, not_found: 1, failed: 0, outdated: 1 });
    expect(finished.map(({ outcome }) => outcome)).toEqual(["found", "found", "not_found"]);
  });

  test("ends at the first failure, so that a provider in trouble is left alone", async () => {
    const { body, waiting } = await run(
      [task(1), task(2)],
      answering(() => Promise.reject(new Error("gone"))),
    );
    expect(body).toEqual({ found: 0, not_found: 0, failed: 1, outdated: 0 });
    expect(waiting).toHaveLength(1);
  });

  test("without a provider leaves the tasks alone; others than the project are refused", async () => {
    expect((await run([task(1)], undefined)).waiting).toHaveLength(1);
    expect((await run([task(1)], undefined, { method: "GET" })).status).toBe(405);
    expect(
      (await run([task(1)], undefined, { method: "POST", headers: { authorization: "Bearer x" } })).status,
    )
      .toBe(401);
  });
});

test("the served function runs for the project only, and without a provider does nothing", async () => {
  const call = (key: string) =>
    fetch(`${environment.apiUrl}/functions/v1/geocoder`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
    });
  const refused = await call(environment.anonKey);
  expect([refused.status, refused.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  await refused.body?.cancel();
  for (const key of [environment.serviceRoleKey, environment.secretKey]) {
    expect(await (await call(key)).json()).toEqual({ found: 0, not_found: 0, failed: 0, outdated: 0 });
  }
});

/** The function as it is deployed, with the provider's address turned to this test. */
async function startFunction() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const child = spawn("deno", [
    "run",
    "--quiet",
    "--allow-all",
    "--config=functions/deno.json",
    "--node-modules-dir=none",
    "functions/geocoder/index.ts",
  ], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
      SUPABASE_DB_URL: environment.databaseUrl,
      SUPABASE_SERVICE_ROLE_KEY: environment.serviceRoleKey,
      GEOCODER_PROVIDER: "here",
      HERE_URL: url,
      HERE_API_KEY: "here-key",
    },
  });
  return { child, address: `http://127.0.0.1:${port}` };
}

test("a venue gets its place after it was saved, and another when its address changes", async () => {
  const mark = randomUUID();
  const { child, address } = await startFunction();
  const deadline = performance.now() + 60_000;
  const work = async () => {
    if (performance.now() > deadline) throw new Error("The function does not do what is waited for");
    const response = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${environment.serviceRoleKey}` },
    }).catch(() => undefined);
    // It may still be starting.
    if (response === undefined) await sleep(100);
    await response?.body?.cancel();
  };
  const position = async (id: string) => {
    const [row] = expectData(await host.client.from("venues").select("latitude, longitude").eq("id", id));
    return row && [row.latitude, row.longitude];
  };
  // Other tests' venues wait too; each run takes some of them away.
  const workUntil = async (isDone: () => Promise<boolean> | boolean) => {
    while (!await isDone()) await work();
  };
  try {
    const venue = await addVenue(host, { address: `1 ${mark}`, latitude: null, longitude: null });
    expect(await position(venue.id)).toEqual([null, null]);
    await workUntil(async () => (await position(venue.id))?.[0] === 36.1613);
    const nearby = expectData(
      await newClient().rpc("nearby_venues", {
        p_latitude: 36.1613,
        p_longitude: -86.7775,
        p_radius_miles: 1,
        p_limit: 50,
      }),
    );
    expect(nearby.map(({ distance_miles }) => distance_miles)).toContain(0);

    // The address changes while the provider still thinks about the former one.
    let answer = () => {};
    provider.answers.set(`2 ${mark}`, { holdUntil: new Promise<void>((resolve) => answer = resolve) });
    provider.answers.set(`3 ${mark}`, { body: { items: [{ position: { lat: 40, lng: -75 } }] } });
    const move = async (to: string) =>
      expectData(await host.client.from("venues").update({ address: to }).eq("id", venue.id).select());
    const isAsked = () => provider.questions.some(({ query }) => query.get("q")?.includes(`2 ${mark}`));
    expect(await move(`2 ${mark}`)).toMatchObject([{ latitude: null, longitude: null }]);
    const run = workUntil(isAsked);
    while (!isAsked() && performance.now() < deadline) await sleep(20);
    await move(`3 ${mark}`);
    answer();
    await run;
    await workUntil(async () => (await position(venue.id))?.[0] === 40);
    expect(await position(venue.id)).toEqual([40, -75]);
  } finally {
    child.kill("SIGTERM");
  }
}, 90_000);
