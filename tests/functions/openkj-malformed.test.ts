import { afterAll, beforeAll, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { bookSize, newOpenkjHost, type OpenkjHost, programOf } from "../support/openkj-host.ts";

/** How many bodies are sent; a long run raises it. */
const count = Number(process.env["OPENKJ_MALFORMED_BODIES"] ?? 3000);
const seed = Number(process.env["OPENKJ_MALFORMED_SEED"] ?? 20261121);

let host: OpenkjHost;
let bystander: OpenkjHost;

beforeAll(async () => {
  host = await newOpenkjHost("malformed");
  bystander = await newOpenkjHost("bystander");
});

afterAll(() => database.end());

/** Numbers from 0 up to 1 that are the same in each run with the same seed. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const commands = [
  "getSerial",
  "getVenues",
  "getRequests",
  "getAlert",
  "getAccepting",
  "getEntitledSystemCount",
  "setAccepting",
  "deleteRequest",
  "clearRequests",
  "clearDatabase",
  "addSongs",
  "addRequest",
  "getSongs",
  "updateRotation",
  "sacCurVersion",
  "connectionTest",
  "search",
  "submitRequest",
  "browse",
  "getNearbyVenues2",
  "venueExists",
  "venueAccepting",
  "getserial",
  "__proto__",
  "x".repeat(200),
  "'; select pg_sleep(9); --",
];

/** What refusals carry besides their reason, for apps that read it first. */
const emptyForApps = new Set(["song_count", "result_count", "songs", "nearby", "success"]);

const oddValues: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  1001,
  1.5,
  2147483647,
  2147483648,
  -2147483649,
  1e15,
  1e300,
  "",
  " ",
  "1001",
  "1e5",
  "0x10",
  "true",
  "\u202e\u0000",
  "\ud800",
  "\ufffe",
  "é".repeat(300),
  "<script>alert(1)</script>",
  "' or 1=1 --",
  "x".repeat(20_000),
  [],
  {},
  [[]],
  [null],
  [{ artist: "A", title: "B" }],
  [{ artist: 1, title: {} }, { artist: "A" }, [], "text", null],
  { venue_id: { venue_id: 1001 } },
];

interface Sent {
  body: Uint8Array<ArrayBuffer>;
  /** The command that the reply must repeat; undefined where the body does not tell. */
  command?: string;
}

function bodies(random: () => number, apiKey: string, urlName: string): () => Sent {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const encode = (text: string) => new TextEncoder().encode(text);
  const fields = (): Record<string, unknown> => {
    const call: Record<string, unknown> = {
      command: pick(commands),
      api_key: random() < 0.98 ? apiKey : pick(oddValues),
    };
    for (
      const name of [
        "venue_id",
        "system_id",
        "request_id",
        "accepting",
        "songs",
        "singers",
        "artist",
        "title",
        "singer",
        "key_change",
        "searchString",
        "browseBy",
        "letter",
        "songId",
        "singerName",
        "keyChange",
        "deviceId",
        "range",
        "latitude",
        "longitude",
      ]
    ) {
      if (random() < 0.4) call[name] = random() < 0.3 ? 1001 : pick(oddValues);
    }
    if (random() < 0.9) call["venueUrlName"] = random() < 0.8 ? urlName : pick(oddValues);
    if (random() < 0.05) delete call["command"];
    if (random() < 0.05) call["command"] = pick(oddValues);
    return call;
  };
  const kinds: (() => Sent)[] = [
    // Well formed, with values of any type in any place.
    () => {
      const call = fields();
      const { command } = call;
      const isEchoed = typeof command === "string" && command.length <= 64 &&
        !/[\0\ud800-\udfff]/.test(command);
      return { body: encode(JSON.stringify(call)), ...(isEchoed && { command }) };
    },
    // Cut off, doubled, or with a byte turned.
    () => {
      const body = encode(JSON.stringify(fields()));
      return { body: body.slice(0, Math.floor(random() * body.length)) };
    },
    () => ({ body: encode(JSON.stringify(fields()).repeat(2)) }),
    () => {
      const body = encode(JSON.stringify(fields()));
      for (let turn = 0; turn < 3; turn++) {
        body[Math.floor(random() * body.length)] = Math.floor(random() * 256);
      }
      return { body };
    },
    // Not an object at all.
    () => ({ body: encode(JSON.stringify(pick(oddValues))) }),
    () => ({
      body: Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)),
    }),
    () => ({ body: encode('{"a":'.repeat(Math.floor(random() * 5000))) }),
    () => ({
      body: encode(
        `{"command":"getRequests","api_key":"${apiKey}","venue_id":${
          "9".repeat(Math.floor(random() * 4000))
        }}`,
      ),
    }),
    () => ({ body: encode(`command=getSerial&api_key=${apiKey}`) }),
  ];
  return () => random() < 0.6 ? (kinds[0] as () => Sent)() : pick(kinds)();
}

test(`${count} malformed bodies get a well-typed reply each, tell nothing inner and harm nobody`, {
  timeout: 60_000 + count * 100,
}, async () => {
  const watcher = programOf(bystander);
  await watcher.updateRemoteDatabase([{ artist: "ABBA", title: "Waterloo" }]);
  await watcher.start();
  await watcher.poll();
  const before = watcher.serial;

  const next = bodies(randomFrom(seed), host.apiKey, host.urlName);
  let left = count;
  const refusals = new Map<string, number>();
  const sender = async () => {
    while (left-- > 0) {
      const { body, command } = next();
      const response = await fetch(environment.openkjUrl, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const text = await response.text();
      const sent = new TextDecoder().decode(body.slice(0, 500));
      expect(response.status, sent).toBe(200);
      const reply = JSON.parse(text) as Record<string, unknown>;
      expect(typeof reply["command"], sent).toBe("string");
      if (command !== undefined) expect(reply["command"], sent).toBe(command);
      if (reply["error"] === false) continue;
      expect(reply["error"], sent).toBe(true);
      // Commands of singers' apps also answer an empty list, which some of these apps read before the error.
      const { command: _command, error: _error, errorString: _text, ...others } = reply;
      for (const value of Object.values(others)) expect([0, false, [], null], sent).toContainEqual(value);
      const told = Object.keys(reply).filter((name) => !emptyForApps.has(name));
      expect(told.sort(), sent).toEqual(["command", "error", "errorString"]);
      const errorString = String(reply["errorString"]);
      expect(errorString, sent).not.toBe("");
      expect(errorString, sent).not.toMatch(
        /sqlstate|syntax|postgres|relation|function|column|exception|undefined|null value/i,
      );
      refusals.set(errorString, (refusals.get(errorString) ?? 0) + 1);
    }
  };
  await forgetRateLimits();
  await Promise.all(Array.from({ length: 8 }, sender));

  // "Busy" would be an error of ours that malformed input brought about.
  expect(refusals.get("The server is busy, try again")).toBeUndefined();
  expect(refusals.size).toBeGreaterThan(5);
  await watcher.poll();
  expect(watcher.serial).toBe(before);
  expect(await bookSize(bystander)).toBe(1);
  watcher.stop();
  const program = programOf(host);
  expect(await program.test()).toBe("");
  program.stop();
});
