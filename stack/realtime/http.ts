import { Hono } from "hono";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { Caller } from "./authorization.ts";
import { log } from "./log.ts";
import type { Broadcast, RoomName } from "./rooms.ts";
import type { Server } from "./server.ts";
import { TokenRefusal } from "./tokens.ts";
import type { Claims } from "./tokens.ts";

const largestBody = 8_000_000;

const batch = z.object({
  messages: z.array(z.object({
    topic: z.string().min(1),
    event: z.string().min(1),
    payload: z.record(z.string(), z.unknown()),
    private: z.boolean().default(false),
  })),
});

/** The HTTP part: broadcasts by POST, and the health of the server. */
export function createApi(server: Server): Hono {
  const api = new Hono();

  api.get("/health", (context) => {
    const healthy = server.broadcasts.connected();
    return context.json({ status: healthy ? "ok" : "database is out of reach" }, healthy ? 200 : 503);
  });

  api.use("/api/*", bodyLimit({ maxSize: largestBody }));

  api.post("/api/broadcast", async (context) => {
    const claims = await authenticate(server, context);
    if (!claims) return context.json({ message: "Unauthorized" }, 401);
    const body = await readJson(context);
    const parsed = batch.safeParse(body);
    if (!parsed.success) return context.json({ errors: describe(parsed.error) }, 422);
    const { messages } = parsed.data;
    const tooLarge = messages.findIndex(({ payload }) => size(payload) > server.limits.payloadBytes);
    if (tooLarge >= 0) {
      return context.json({
        errors: { messages: messages.map((_, index) => index === tooLarge ? tooLargeError : {}) },
      }, 422);
    }
    if (overQuota(server, messages.length)) return tooMany(context);

    const allowed = new Map<string, boolean>();
    for (const { topic, event, payload, private: isPrivate } of messages) {
      const room = { subTopic: topic, isPrivate };
      // What the bearer may not send is skipped without a word.
      const may = !isPrivate || (allowed.get(topic) ?? await maySend(server, context, claims, topic));
      if (isPrivate) allowed.set(topic, may);
      if (may) send(server, room, { kind: "map", payload: { type: "broadcast", event, payload } });
    }
    return context.body(null, 202);
  });

  api.post("/api/broadcast/:topic/events/:event", async (context) => {
    const claims = await authenticate(server, context);
    if (!claims) return context.json({ message: "Unauthorized" }, 401);
    const { topic, event } = context.req.param();
    const isPrivate = context.req.query("private") === "true";
    const type = (context.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json" && type !== "application/octet-stream") {
      return context.json({ message: "Unsupported Media Type" }, 415);
    }
    const payload = Buffer.from(await context.req.arrayBuffer());
    const encoding = type === "application/json" ? "json" : "binary";
    if (encoding === "json" && !isJson(payload)) {
      return context.json({ errors: { payload: ["is invalid"] } }, 422);
    }
    if (payload.length > server.limits.payloadBytes) return context.json({ errors: tooLargeError }, 422);
    if (Buffer.byteLength(event) > 255) return context.json({ errors: { event: ["is too long"] } }, 422);
    // The real server stores such messages behind a feature flag that is off unless somebody turns it on.
    if (context.req.query("persist") === "true" && !isPrivate) {
      return context.json({ errors: { persist: ["can only be used on private channels"] } }, 422);
    }
    if (overQuota(server, 1)) return tooMany(context);
    if (isPrivate && !await maySend(server, context, claims, topic)) {
      return context.json({ message: "Unauthorized" }, 403);
    }
    send(server, { subTopic: topic, isPrivate }, { kind: "user", broadcast: { event, encoding, payload } });
    return context.body(null, 202);
  });

  api.notFound((context) => context.json({ error: "Not found" }, 404));
  api.onError((error, context) => {
    log("error", "a request failed", { path: context.req.path, error });
    return context.json({ error: "Internal server error" }, 500);
  });
  return api;
}

const tooLargeError = { payload: ["Payload size exceeds tenant limit"] };

async function authenticate(server: Server, context: Context): Promise<Claims | null> {
  const bearer = context.req.header("authorization")?.match(/^bearer\s+(.+)$/i)?.[1];
  const token = bearer ?? context.req.header("apikey");
  if (!token) return null;
  try {
    return await server.verify(token);
  } catch (error) {
    if (error instanceof TokenRefusal) return null;
    throw error;
  }
}

async function maySend(server: Server, context: Context, claims: Claims, topic: string): Promise<boolean> {
  const caller: Caller = { claims, headers: context.req.header(), topic };
  try {
    return await server.authorization.writable(caller, "broadcast");
  } catch (error) {
    log("error", "unable to ask for the permission to broadcast", { topic, error });
    return false;
  }
}

function send(server: Server, room: RoomName, broadcast: Broadcast): void {
  server.events.add();
  server.rooms.broadcast(room, broadcast);
}

function overQuota(server: Server, messages: number): boolean {
  return server.events.average + messages / 60 > server.limits.eventsPerSecond;
}

function tooMany(context: Context): Response {
  return context.json({ message: "You have exceeded your rate limit" }, 429);
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch {
    return null;
  }
}

function isJson(payload: Buffer): boolean {
  try {
    JSON.parse(payload.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

function size(payload: unknown): number {
  return Buffer.byteLength(JSON.stringify(payload));
}

function describe(error: z.ZodError): Record<string, string[]> {
  const errors: Record<string, string[]> = {};
  for (const issue of error.issues) (errors[issue.path.join(".") || "messages"] ??= []).push(issue.message);
  return errors;
}
