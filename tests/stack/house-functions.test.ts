// How Edge Functions and their failures look through the gateway: before a server that behaves as each test wants it.
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { startProgram, unusedPort } from "../support/program.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const patience = 500;
const key = "sb_publishable_test";

let upstream: Server;
let stop: () => void;
let address: string;
/** How the function answers, for each path of a test. */
const behaviours = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();

beforeAll(async () => {
  upstream = createServer((request, response) => {
    const behave = behaviours.get((request.url ?? "").replace("/function/", ""));
    if (behave === undefined) response.writeHead(200).end("well");
    else behave(request, response);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  const [gatewayPort, nobody] = [await unusedPort(), await unusedPort()];
  const settings = {
    port: gatewayPort,
    upstreams: { auth: nobody, rest: port, realtime: nobody, storage: port },
    functions: [
      { name: "function", port, verifyJwt: false },
      { name: "absent", port: nobody, verifyJwt: false },
    ],
    functionPatience: patience,
    keys: { anon: "a", serviceRole: "b", publishable: key, secret: "sb_secret_test" },
    jwtSecret: "not used here",
    publicKeys: [],
    mailTemplates: {},
  };
  address = `http://127.0.0.1:${gatewayPort}`;
  stop = await startProgram("stack/gateway/main.ts", gatewayPort, {
    GATEWAY_SETTINGS: JSON.stringify(settings),
  });
});

afterAll(() => {
  stop();
  upstream.close();
  upstream.closeAllConnections();
});

async function call(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${address}/functions/v1/${path}`, init);
  return { status: response.status, body: await response.json() };
}

async function isWell(): Promise<void> {
  expect(await (await fetch(`${address}/functions/v1/function/well`)).text()).toBe("well");
}

test("a function that is not there, ends or never answers is told apart, as by the platform", async () => {
  behaviours.set("ends", (request) => request.socket.destroy());
  behaviours.set("sleeps", () => {});
  expect(await call("absent")).toEqual({
    status: 503,
    body: { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" },
  });
  expect(await call("function/ends", { method: "POST", body: "x" })).toEqual({
    status: 500,
    body: { code: "WORKER_ERROR", message: "Function exited due to an error (please check logs)" },
  });
  expect(await call("function/sleeps")).toEqual({
    status: 504,
    body: { code: "IDLE_TIMEOUT", message: "Request idle timeout limit (0.5s) reached" },
  });
  await isWell();
});

test("one that has begun its answer may take its time", async () => {
  behaviours.set("slow", (_request, response) => {
    response.write("begun, ");
    void sleep(3 * patience).then(() => response.end("done"));
  });
  expect(await (await fetch(`${address}/functions/v1/function/slow`)).text()).toBe("begun, done");
});

test("one that ends in the middle of its answer leaves no client waiting, and none that believes it has all", async () => {
  behaviours.set("breaks", (request, response) => {
    response.write("the first half");
    setImmediate(() => request.socket.destroy());
  });
  const response = await fetch(`${address}/functions/v1/function/breaks`);
  await expect(response.text()).rejects.toThrow();
  await isWell();
});

test("events arrive one by one, each before the next is sent", async () => {
  let send = (_text: string) => {};
  behaviours.set("events", (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    send = (text) => void response.write(text);
  });
  const response = await fetch(`${address}/functions/v1/function/events`);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (const number of [1, 2, 3]) {
    send(`data: ${number}\n\n`);
    expect((await reader.read()).value).toBe(`data: ${number}\n\n`);
  }
  await reader.cancel();
});

test("a client that hangs up ends the function's answer", async () => {
  let hasEnded = false;
  behaviours.set("endless", (_request, response) => {
    response.write("on and on");
    response.on("close", () => (hasEnded = true));
  });
  const abort = new AbortController();
  const response = await fetch(`${address}/functions/v1/function/endless`, { signal: abort.signal });
  await response.body?.getReader().read();
  abort.abort();
  await vi.waitFor(() => expect(hasEnded).toBe(true), 10_000);
});

test("large bodies go through both ways, a piece at a time", async () => {
  behaviours.set("echo", (request, response) => void request.pipe(response));
  const body = randomBytes(30_000_000);
  const response = await fetch(`${address}/functions/v1/function/echo`, { method: "POST", body });
  const received = Buffer.from(await response.arrayBuffer());
  expect(createHash("md5").update(received).digest("hex")).toBe(createHash("md5").update(body).digest("hex"));
});

test("a piece of an upload reaches the function before the next is sent", async () => {
  const pieces: string[] = [];
  behaviours.set("pieces", (request, response) => {
    request.on("data", (piece) => pieces.push(String(piece)));
    request.on("end", () => response.end("all"));
  });
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
  const answer = fetch(
    `${address}/functions/v1/function/pieces`,
    { method: "POST", body, duplex: "half" } as RequestInit,
  );
  for (const piece of ["one", "two"]) {
    feed?.enqueue(new TextEncoder().encode(piece));
    await vi.waitFor(() => expect(pieces.at(-1)).toBe(piece), 10_000);
  }
  feed?.close();
  expect(await (await answer).text()).toBe("all");
});

test("a socket to a server that is away is refused with words", async () => {
  const socket = new WebSocket(`${address.replace("http", "ws")}/realtime/v1/websocket?apikey=${key}`);
  socket.on("error", () => {});
  const [status, text] = await new Promise<[number, string]>((resolve) =>
    socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (data) => (text += String(data)));
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
    })
  );
  expect([status, JSON.parse(text)]).toEqual([502, { message: "The service realtime does not answer." }]);
});
