import { randomUUID } from "node:crypto";
import type { Socket as NodeSocket } from "node:net";
import { createClient } from "@supabase/supabase-js";
import type { RealtimeChannel, RealtimeChannelOptions, SupabaseClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import { afterAll, afterEach } from "vitest";
import WebSocket from "ws";
import { database } from "../../support/database.ts";
import { environment } from "../../support/environment.ts";

export { database, environment };

/** A topic of its own for every test; the policies of `allowTopics` look at the prefix. */
export function uniqueTopic(name: string): string {
  return `test-realtime:${name}:${randomUUID().slice(0, 8)}`;
}

/** A signed-in user's token, as any holder of the project's secret may sign one. */
export async function userToken(
  options: { sub?: string; expiresIn?: number; claims?: Record<string, unknown> } = {},
) {
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({ role: "authenticated", sub: options.sub ?? randomUUID(), ...options.claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now)
    .setExpirationTime(now + (options.expiresIn ?? 3600))
    .sign(new TextEncoder().encode(environment.jwtSecret));
}

const clients: SupabaseClient[] = [];
const sockets: Socket[] = [];

/** An unmodified client; with a token it acts as that user. */
export function client(
  options: {
    token?: () => string | Promise<string>;
    key?: string;
    vsn?: string;
    transport?: typeof globalThis.WebSocket;
  } = {},
) {
  const { token, key = environment.anonKey, vsn, transport } = options;
  const created = createClient(environment.apiUrl, key, {
    ...(token ? { accessToken: async () => await token() } : {}),
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { ...(vsn ? { vsn } : {}), ...(transport ? { transport } : {}) },
  });
  clients.push(created);
  return created;
}

/** Longer than anything takes on a busy machine, shorter than a test may. */
const patience = 20_000;

export type Status = { status: string; error: Error | undefined };

/** Subscribes with the client's token and waits for the first status. */
export async function subscribe(channel: RealtimeChannel): Promise<Status> {
  await channel.socket.setAuth();
  return await new Promise((resolve) => {
    channel.subscribe((status, error) => resolve({ status, error }));
  });
}

export function privateChannel(
  owner: SupabaseClient,
  topic: string,
  config: RealtimeChannelOptions["config"] = {},
) {
  return owner.channel(topic, { config: { private: true, ...config } });
}

/** Collects what a listener gets and lets a test wait for it. */
export class Inbox<T = Record<string, unknown>> {
  items: T[] = [];
  push = (item: T) => void this.items.push(item);

  async waitFor(count: number, milliseconds = patience): Promise<T[]> {
    await until(
      () => this.items.length >= count,
      milliseconds,
      () => `${count} items, got ${JSON.stringify(this.items)}`,
    );
    return this.items;
  }
}

export async function until(
  condition: () => boolean,
  milliseconds = patience,
  what: () => string = () => "a condition",
) {
  const deadline = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what()}`);
    await pause(10);
  }
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export type Frame = [unknown, unknown, string, string, Record<string, unknown>];

/** A bare socket that speaks frames, for what the client library cannot do. */
export class Socket {
  frames: Frame[] = [];
  raw: (string | Buffer)[] = [];
  closed: { code: number; reason: string } | null = null;
  #socket: WebSocket;
  #version: string;

  constructor(socket: WebSocket, version: string) {
    this.#socket = socket;
    this.#version = version;
    socket.on("message", (data, isBinary) => {
      const buffer = data as Buffer;
      this.raw.push(isBinary ? buffer : buffer.toString());
      if (!isBinary) this.frames.push(this.#read(buffer.toString()));
    });
    socket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on("error", () => {});
  }

  #read(text: string): Frame {
    const value = JSON.parse(text);
    return Array.isArray(value)
      ? value as Frame
      : [value.join_ref, value.ref, value.topic, value.event, value.payload];
  }

  send(...[joinRef, ref, topic, event, payload]: [unknown, unknown, string, string, unknown]): void {
    const message = this.#version === "1.0.0"
      ? { topic, event, payload, ref, join_ref: joinRef }
      : [joinRef, ref, topic, event, payload];
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  /** Bytes past the WebSocket protocol, straight onto the wire. */
  sendBytes(bytes: Buffer): void {
    const { _socket: stream } = this.#socket as unknown as { _socket: NodeSocket };
    stream.write(bytes);
  }

  async frame(matches: (frame: Frame) => boolean, milliseconds = patience): Promise<Frame> {
    await until(
      () => this.frames.some(matches),
      milliseconds,
      () => `a frame among ${JSON.stringify(this.frames)}`,
    );
    return this.frames.find(matches)!;
  }

  /** The reply to a reference: its status and response. */
  async reply(ref: string): Promise<{ status: string; response: Record<string, unknown> | string }> {
    const [, , , , payload] = await this.frame((frame) => frame[1] === ref && frame[3] === "phx_reply");
    return payload as { status: string; response: Record<string, unknown> };
  }

  async join(
    topic: string,
    config: Record<string, unknown> = {},
    extra: Record<string, unknown> = {},
    ref = "1",
  ) {
    this.send(ref, ref, `realtime:${topic}`, "phx_join", {
      config: { presence: { enabled: false }, ...config },
      ...extra,
    });
    return await this.reply(ref);
  }

  /** From now on nothing is read from the network. */
  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }
}

const gatewayAddress = `${environment.apiUrl.replace(/^http/, "ws")}/realtime/v1/websocket`;

/** Opens a bare socket. */
export async function socket(
  options: { vsn?: string; apikey?: string; address?: string } = {},
): Promise<Socket> {
  const version = options.vsn ?? "2.0.0";
  const webSocket = new WebSocket(
    socketUrl({ apikey: options.apikey ?? environment.anonKey, vsn: version }, options.address),
  );
  const opened = new Socket(webSocket, version);
  await new Promise<void>((resolve, reject) => {
    webSocket.once("open", resolve);
    webSocket.once("error", reject);
  });
  sockets.push(opened);
  return opened;
}

export function socketUrl(parameters: Record<string, string>, address = gatewayAddress): string {
  return `${address}?${new URLSearchParams(parameters)}`;
}

/** Tries to open a socket and gives the HTTP answer that refuses it. */
export function refusedUpgrade(
  parameters: Record<string, string>,
  address?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(socketUrl(parameters, address));
    webSocket.on("error", () => {});
    webSocket.on("open", () => reject(new Error("the connection was accepted")));
    webSocket.on("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

/**
 * Policies of this test file alone, removed afterwards. `using` and `check` are SQL conditions; every policy also holds
 * for topics of the given name only.
 */
export async function policies(
  name: string,
  rules: { read?: string; write?: string; role?: string },
): Promise<void> {
  const { read, write, role = "authenticated" } = rules;
  const topic = `realtime.topic() like 'test-realtime:${name}:%'`;
  await removePolicies(name);
  if (read) {
    await database.unsafe(
      `create policy "test-realtime ${name} read" on realtime.messages for select to ${role} using (${topic} and (${read}))`,
    );
  }
  if (write) {
    await database.unsafe(
      `create policy "test-realtime ${name} write" on realtime.messages for insert to ${role} with check (${topic} and (${write}))`,
    );
  }
  usedPolicies.add(name);
}

const usedPolicies = new Set<string>();

async function removePolicies(name: string): Promise<void> {
  await database.unsafe(`drop policy if exists "test-realtime ${name} read" on realtime.messages`);
  await database.unsafe(`drop policy if exists "test-realtime ${name} write" on realtime.messages`);
}

afterEach(async () => {
  for (const opened of sockets.splice(0)) opened.close();
  await Promise.all(clients.splice(0).map((created) => created.removeAllChannels()));
});

afterAll(async () => {
  for (const name of usedPolicies) await removePolicies(name);
  await database.end();
});
