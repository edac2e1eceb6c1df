/** From the commit of a broadcast to its arrival at 200 subscribers, at 100 events a second; and how fast they join. */
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { milliseconds, Report, scale } from "./bench.ts";

const subscribers = 200;
const eventsPerSecond = 100;
const seconds = scale === "large" ? 30 : 5;
const channelsPerSocket = scale === "large" ? 50 : 5;

const topic = `bench-realtime:${randomUUID()}`;
const address = `${environment.apiUrl.replace(/^http/, "ws")}/realtime/v1/websocket?` +
  new URLSearchParams({ apikey: environment.anonKey, vsn: "2.0.0" });

/** Opens a socket that joins channels one after another. */
function join(topics: string[], onBroadcast: (payload: { number: number }) => void): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    let next = 0;
    const joinNext = () => {
      const name = topics[next++];
      if (name === undefined) return resolve(socket);
      socket.send(
        JSON.stringify([String(next), String(next), `realtime:${name}`, "phx_join", {
          config: { presence: { enabled: false } },
        }]),
      );
    };
    socket.on("open", joinNext);
    socket.on("error", reject);
    socket.on("message", (data, isBinary) => {
      if (!isBinary) return joinNext();
      const frame = data as Buffer;
      const header = 5 + (frame[1] ?? 0) + (frame[2] ?? 0) + (frame[3] ?? 0);
      onBroadcast(JSON.parse(frame.subarray(header).toString()));
    });
  });
}

const committed = new Map<number, number>();
const latencies: number[] = [];
const report = new Report();

let sockets: WebSocket[] = [];
const joining = await milliseconds(async () => {
  sockets = await Promise.all(Array.from({ length: subscribers }, (_, index) => {
    const others = Array.from(
      { length: channelsPerSocket - 1 },
      (_, channel) => `${topic}:${index}:${channel}`,
    );
    return join([...others, topic], ({ number }) => {
      const start = committed.get(number);
      if (start !== undefined) latencies.push(performance.now() - start);
    });
  }));
});
report.add({
  name: `joins per second, ${subscribers} sockets of ${channelsPerSocket} channels`,
  value: subscribers * channelsPerSocket * 1000 / joining,
  unit: "joins/s",
  atLeast: 200,
});

const count = eventsPerSecond * seconds;
const begin = performance.now();
const sending: Promise<unknown>[] = [];
for (let number = 0; number < count; number++) {
  const wait = begin + number * 1000 / eventsPerSecond - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  // The moment before the statement is sent: the commit is part of what is measured.
  committed.set(number, performance.now());
  sending.push(
    database`select realtime.send(${database.json({ number })}, 'count', ${topic}, false)`.execute(),
  );
}
await Promise.all(sending);
const deadline = performance.now() + 10_000;
while (latencies.length < count * subscribers && performance.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

latencies.sort((a, b) => a - b);
report.add({
  name: `commit to event, p95, ${subscribers} subscribers, ${eventsPerSecond} events/s`,
  value: latencies[Math.floor(latencies.length * 0.95)] ?? Infinity,
  unit: "ms",
  atMost: 100,
});
report.add({
  name: "events that did not arrive, or arrived twice",
  value: Math.abs(count * subscribers - latencies.length),
  unit: "events",
  atMost: 0,
});

for (const socket of sockets) socket.terminate();
await database.end();
if (!report.finish()) process.exitCode = 1;
