import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openkjBatches, OpenkjClient } from "../support/openkj-client.ts";
import { QtValue, writeQtJson } from "../support/qt-json.ts";

/** What a made-up server answers: a JSON document, a status with a body, or nothing but a closed connection. */
type Answer =
  | Record<string, unknown>
  | { status: number; text: string; headers?: Record<string, string> }
  | "drop";

let server: Server | undefined;
let client: OpenkjClient | undefined;

afterEach(() => {
  client?.stop();
  server?.closeAllConnections();
  server?.close();
});

/** Starts a server that plays the given answers and a program connected to it. */
async function play(
  answer: (command: string, body: Record<string, unknown>) => Answer,
  options: Partial<ConstructorParameters<typeof OpenkjClient>[0]> = {},
) {
  const received: { body: string; headers: IncomingHttpHeaders; rawHeaders: string[]; method: string }[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      const body = Buffer.concat(chunks).toString();
      received.push({
        body,
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        method: request.method ?? "",
      });
      const fields = JSON.parse(body) as Record<string, unknown>;
      const reply = answer(String(fields["command"]), fields);
      if (reply === "drop") request.socket.destroy();
      else if ("text" in reply && "status" in reply) {
        const { status, text, headers } = reply as {
          status: number;
          text: string;
          headers?: Record<string, string>;
        };
        response.writeHead(status, headers).end(text);
      } else response.writeHead(200).end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  client = new OpenkjClient({ url, apiKey: "KEY", ...options });
  return { client, received };
}

/** A server that does everything right, with some of its answers replaced. */
function good(replaced: Record<string, Answer> = {}) {
  return (command: string): Answer =>
    replaced[command] ?? {
      getSerial: { command, error: false, serial: 5 },
      getEntitledSystemCount: { command, error: false, count: 1 },
      getAlert: { command, error: false, alert: false },
      getVenues: {
        command,
        error: false,
        venues: [{ venue_id: 7, name: "Main Bar", url_name: "main-bar", accepting: true }],
      },
      getRequests: {
        command,
        error: false,
        requests: [
          {
            request_id: 41,
            artist: "ABBA",
            title: "Waterloo",
            singer: "Zoë",
            key_change: -2,
            request_time: 1795190269,
          },
        ],
      },
    }[command] ?? { command, error: false };
}

describe("the program's bytes", () => {
  test("are a document of sorted keys, four blanks and a last newline", () => {
    expect(writeQtJson({
      system_id: 1,
      songs: [{ title: "群青日和", artist: 'AC/DC "x"' }],
      command: "addSongs",
      api_key: "KEY",
    })).toBe(`{
    "api_key": "KEY",
    "command": "addSongs",
    "songs": [
        {
            "artist": "AC/DC \\"x\\"",
            "title": "群青日和"
        }
    ],
    "system_id": 1
}
`);
    expect(writeQtJson({ songs: [] })).toBe('{\n    "songs": [\n    ]\n}\n');
  });

  test("come with its headers in its order", async () => {
    const { client, received } = await play(good());
    await client.exchange("getSerial");
    const names = received[0]?.rawHeaders.filter((_, index) => index % 2 === 0);
    expect(names).toEqual([
      "Host",
      "Content-Type",
      "Content-Length",
      "Connection",
      "Accept-Encoding",
      "Accept-Language",
      "User-Agent",
    ]);
    expect(received[0]).toMatchObject({
      method: "POST",
      body: '{\n    "api_key": "KEY",\n    "command": "getSerial"\n}\n',
      headers: { "user-agent": "Mozilla/5.0", "accept-encoding": "gzip, deflate", connection: "Keep-Alive" },
    });
  });
});

describe("the program's reading", () => {
  test.each([
    [5, 5],
    [5.0, 5],
    [-5, -5],
    [2147483647, 2147483647],
    [2147483648, 0],
    [1.5, 0],
    ["5", 0],
    [null, 0],
    [1795190269000, 0],
  ])("takes %j for the integer %i", (json, expected) => expect(new QtValue(json).toInt()).toBe(expected));

  test.each([[true, true], [false, false], [1, false], ["true", false], ["1", false]])(
    "takes %j for the boolean %j",
    (json, expected) => expect(new QtValue(json).toBool()).toBe(expected),
  );

  test.each<[string, Answer, string]>([
    ["a good serial", { command: "getSerial", error: false, serial: 5 }, ""],
    ["a missing error field", { command: "getSerial", serial: 5 }, ""],
    ["201", { status: 201, text: '{"command":"getSerial","serial":5} ' }, ""],
    [
      "an error with a text",
      { command: "getSerial", error: true, errorString: "Unknown key" },
      "Unknown key",
    ],
    [
      "an error as a text",
      { command: "getSerial", error: "true", errorString: "Unknown key" },
      "Unknown key",
    ],
    ["an error without a text", { command: "getSerial", error: true, serial: 5 }, ""],
    ["serial 0", { command: "getSerial", error: false, serial: 0 }, "Unknown error"],
    ["a serial in quotes", { command: "getSerial", error: false, serial: "5" }, "Unknown error"],
    ["no command", { error: false, serial: 5 }, "Unknown error"],
    ["text before the JSON", { status: 200, text: 'x{"command":"getSerial","serial":5}' }, "Unknown error"],
    ["a redirect", { status: 308, text: "", headers: { location: "/openkj" } }, "Unknown error"],
    ["401", { status: 401, text: '{"command":"getSerial","serial":5}' }, "Host requires authentication"],
    ["503", { status: 503, text: "{}" }, "Service Unavailable"],
  ])("of %s by the test button", async (_, answer, expected) => {
    const { client } = await play(good({ getSerial: answer }));
    const complaint = await client.test();
    if (expected === "") expect(complaint).toBe("");
    else expect(complaint).toContain(expected);
  });
});

describe("the program's behaviour", () => {
  test("start asks for systems, venues and alerts; requests come with the first poll", async () => {
    const { client } = await play(good());
    await client.start();
    expect(client.sent.slice(0, 3).sort()).toEqual(["getAlert", "getEntitledSystemCount", "getVenues"]);
    expect(client).toMatchObject({ venueId: 7, acceptingBox: true, largestSystemId: 1, requests: [] });
    await client.poll();
    expect(client.requests).toEqual([
      {
        requestId: 41,
        artist: "ABBA",
        title: "Waterloo",
        singer: "Zoë",
        keyChange: -2,
        requestTime: 1795190269,
      },
    ]);
    const before = client.sent.length;
    await client.poll();
    expect(client.sent.slice(before)).toEqual(["getSerial"]);
  });

  test("a click on the box asks for an alert, sets, and takes the box from the venue list", async () => {
    const { client } = await play(good());
    await client.start();
    const before = client.sent.length;
    await client.setAccepting(true);
    expect(client.sent.slice(before)).toEqual(["getAlert", "setAccepting", "getRequests", "getVenues"]);
  });

  test("an empty venue list costs the stored venue", async () => {
    let venues: unknown[] = [];
    const { client } = await play(
      (command) => command === "getVenues" ? { command, error: false, venues } : good()(command),
      { venueId: 9 },
    );
    await client.start();
    expect(client.venueId).toBe(9);
    venues = [{ venue_id: 8, name: "a", url_name: "a", accepting: false }, {
      venue_id: 9,
      name: "b",
      url_name: "b",
    }];
    await client.refresh();
    expect(client.venueId).toBe(9);
    venues = [];
    await client.refresh();
    expect([client.venueId, client.acceptingBox]).toEqual([0, false]);
  });

  test("an error as a text empties the request list, a real error does not", async () => {
    let failing: Answer | undefined;
    const { client } = await play((command) =>
      command === "getRequests" && failing !== undefined ? failing : good()(command)
    );
    await client.start();
    await client.poll();
    failing = { command: "getRequests", error: true, errorString: "busy" };
    await client.refresh();
    expect(client.requests).toHaveLength(1);
    failing = { command: "getRequests", error: "true", errorString: "busy" };
    await client.refresh();
    expect(client.requests).toHaveLength(0);
  });

  test("a change of the key alone is not noticed", async () => {
    let key = -2;
    const { client } = await play((command) => {
      const reply = good()(command) as { requests?: { key_change: number }[] };
      for (const request of reply.requests ?? []) request.key_change = key;
      return reply;
    });
    await client.refresh();
    key = 3;
    await client.refresh();
    expect(client.requests[0]?.keyChange).toBe(-2);
  });

  test("minutes of silence make it ask again, then warn", async () => {
    let now = 0;
    const { client } = await play(
      good({
        getSerial: { status: 503, text: "" },
        getVenues: { status: 503, text: "" },
        getRequests: { status: 503, text: "" },
      }),
      {
        clock: () => now,
      },
    );
    now = 201_000;
    await client.poll();
    expect([...client.sent].sort()).toEqual(["getRequests", "getSerial", "getVenues"]);
    expect(client.messages).toEqual([]);
    now = 301_000;
    for (let poll = 0; poll < 4; poll++) await client.poll();
    expect(client.messages).toEqual(["Possible Connectivity Issue", "Possible Connectivity Issue"]);
    client.idle = true;
    const before = client.sent.length;
    await client.poll();
    expect(client.sent).toHaveLength(before);
  });

  test("a connection that drops before the reply makes it send the same once more, then give up", async () => {
    let drops = 1;
    const { client, received } = await play((command) => drops-- > 0 ? "drop" : good()(command));
    expect((await client.exchange("getSerial")).reply.get("serial").toInt()).toBe(5);
    expect(received.map(({ body }) => body)).toEqual([received[0]?.body, received[0]?.body]);
    drops = 2;
    expect((await client.exchange("getSerial")).networkError).not.toBe("");
  });

  test("an upload opens a connection a call, looks at no reply and always says it worked", async () => {
    const ports = new Set<number>();
    const { client, received } = await play(() => ({ status: 500, text: "" }));
    server?.on("connection", (socket) => ports.add(socket.remotePort ?? 0));
    const songs = Array.from(
      { length: 1002 },
      (_, index) => ({ artist: "A", title: String(index).padStart(4, "0") }),
    );
    const report = await client.updateRemoteDatabase(songs);
    expect(report.batches).toEqual([1000, 1]);
    expect(ports.size).toBe(3);
    expect(report.bytes).toBe(received.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0));
    expect(client.messages).toEqual(["Remote database update completed!"]);
  });

  test("SongbookAgent sends all its songs and may end on a full batch", async () => {
    const { client } = await play(good(), { program: "SongbookAgent" });
    const songs = Array.from({ length: 2000 }, (_, index) => ({ artist: "A", title: String(index) }));
    const report = await client.updateRemoteDatabase(songs);
    expect(report).toMatchObject({ batches: [1000, 1000], lost: [] });
    await client.start();
    expect(client.sent).toContain("sacCurVersion");
    expect(client.sent.at(-1)).toBe("getRequests");
    expect(client.defaultTimers).toEqual({ pollSeconds: 10, alertSeconds: 300 });
  });
});

describe("the program's batches", () => {
  const songs = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ artist: "A", title: String(index).padStart(6, "0") }));

  test.each([
    [0, [0]],
    [1, [1]],
    [999, [999]],
    [1000, [1000, 0]],
    [1001, [1000, 0]],
    [1002, [1000, 1]],
    [2001, [1000, 1000, 0]],
    [2002, [1000, 1000, 0]],
    [2003, [1000, 1000, 1]],
  ])("of %i songs hold %j", (count, sizes) => {
    expect(openkjBatches(songs(count)).batches.map(({ length }) => length)).toEqual(sizes);
  });

  test("lose the row after each full batch: 99 of 100,000", () => {
    const { batches, lost } = openkjBatches(songs(100_000));
    expect(batches.flat()).toHaveLength(99_901);
    expect(lost.slice(0, 2).map(({ title }) => Number(title))).toEqual([1000, 2001]);
  });

  test("ascend, each in descending order, without doubles in ASCII case", () => {
    const { batches } = openkjBatches([
      { artist: "b", title: "x" },
      { artist: "A", title: "y" },
      { artist: "a", title: "Y" },
      { artist: "Ä", title: "y" },
      { artist: "ä", title: "y" },
    ]);
    expect(batches.flat().map(({ artist }) => artist)).toEqual(["ä", "Ä", "b", "A"]);
  });
});
