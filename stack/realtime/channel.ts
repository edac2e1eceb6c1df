import { AuthorizationError, unauthorized } from "./authorization.ts";
import type { Caller, Extension } from "./authorization.ts";
import type { Connection } from "./connection.ts";
import type { Encoded, Incoming, Reference, Version } from "./frames.ts";
import { isRecord } from "./frames.ts";
import type { Join } from "./join.ts";
import { log } from "./log.ts";
import { Presence, readPresence } from "./presence.ts";
import { readReplay, ReplayError } from "./replay.ts";
import { encodeBroadcast } from "./rooms.ts";
import type { Broadcast, Member, RoomName } from "./rooms.ts";
import type { Server } from "./server.ts";
import { TokenError } from "./tokens.ts";
import type { Claims } from "./tokens.ts";

/** A refused join or a permission lost: what the client is told. */
export class Refusal extends Error {}

/** null: not asked yet. */
type Permissions = Record<Extension, { read: boolean | null; write: boolean | null }>;

const longestTokenCheck = 3_600_000;

/** One channel that one socket has joined. */
export class Channel implements Member {
  readonly joinRef: Reference;
  readonly version: Version;
  readonly room: RoomName;
  #server: Server;
  #connection: Connection;
  #topic: string;
  #join: Join;
  #token: string;
  #claims: Claims | null = null;
  #permissions: Permissions = nothingAsked();
  #presenceEnabled: boolean;
  #presenceCalls = { count: 0, resetAt: 0 };
  #replayed = new Set<string>();
  /** Frames that arrive while the join is going on; null once the client has its answer. */
  #held: { frame: Encoded; id: string | undefined }[] | null = [];
  #tokenTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(server: Server, connection: Connection, message: Incoming, join: Join) {
    this.#server = server;
    this.#connection = connection;
    this.#topic = message.topic;
    this.#join = join;
    this.#token = join.token ?? connection.apiToken;
    this.#presenceEnabled = join.presenceEnabled;
    this.joinRef = message.joinRef;
    this.version = connection.version;
    this.room = { subTopic: message.topic.slice("realtime:".length), isPrivate: join.isPrivate };
  }

  get readsBroadcasts(): boolean {
    return !this.room.isPrivate || this.#permissions.broadcast.read === true;
  }

  get readsPresence(): boolean {
    return !this.room.isPrivate || this.#permissions.presence.read === true;
  }

  /** Goes through the checks of a join and enters the room; throws a Refusal, answers through `reply`. */
  async join(reply: (response: unknown) => void): Promise<void> {
    const { server, join, room } = { server: this.#server, join: this.#join, room: this.room };
    try {
      await this.#confirmToken();
      await this.#askToRead();
      if (join.replay !== undefined && !this.readsBroadcasts) throw unauthorized(room.subTopic);
      const replay = readReplay(join.replay, room);
      // From here on nothing is missed: what arrives before the answer is held back.
      server.rooms.enter(room, this);
      const missed = this.#connection.takeMissed(room);
      const replayed = replay ? await server.replay(room.subTopic, replay) : [];
      if (this.#closed) return;

      const changes = server.changes.prepare(this, join.changes, this.#claims!);
      reply({ postgres_changes: changes.map(({ request, id }) => ({ ...request, id })) });
      for (const broadcast of missed) this.#deliverNow({ kind: "user", broadcast });
      for (const { id, payload } of replayed) {
        this.#replayed.add(id);
        this.#deliverNow(payload);
      }
      this.#release();
    } catch (error) {
      this.close();
      throw refusalOf(error);
    }
    this.#afterJoin();
  }

  /** Handles what the client sends on this channel. */
  handle(message: Incoming): void | Promise<void> {
    if (this.#closed) return;
    switch (message.event) {
      case "broadcast":
        return this.#broadcast(message);
      case "presence":
        return this.#presence(message);
      case "access_token":
        return this.#accessToken(message.payload);
      default:
        log("info", "unexpected message from a client", { topic: this.#topic, event: message.event });
    }
  }

  deliver(frame: Encoded, id?: string): void {
    if (this.#held) this.#held.push({ frame, id });
    else if (id === undefined || !this.#replayed.has(id)) this.#connection.send(frame);
  }

  stop(message: string): void {
    if (this.#closed) return;
    this.system("system", "error", message);
    this.#connection.closeChannel(this);
  }

  system(extension: string, status: "ok" | "error", message: string): void {
    this.push("system", { extension, status, message, channel: this.room.subTopic });
  }

  /** Sends an event to this member alone. */
  push(event: string, payload: unknown): void {
    if (this.#closed) return;
    this.#connection.push({ joinRef: this.joinRef, ref: null, topic: this.#topic, event, payload });
  }

  /** Leaves the room; the connection tells the client. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#tokenTimer);
    this.#server.rooms.leave(this.room, this);
    this.#server.changes.drop(this);
    this.#publish(this.#server.presence.untrack(this.room, this));
  }

  #afterJoin(): void {
    if (this.#closed) return;
    this.#server.changes.start(this);
    if (this.#join.replicationReady) this.#announceReplication();
    if (this.#presenceEnabled) this.#syncPresence();
  }

  #announceReplication(): void {
    if (this.#closed) return;
    if (this.#server.broadcasts.connected()) {
      this.system("system", "ok", "Replication connection established");
    } else setTimeout(() => this.#announceReplication(), 500).unref();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { frame, id } of held) this.deliver(frame, id);
  }

  #deliverNow(broadcast: Broadcast): void {
    const frame = encodeBroadcast(this.version, this.#topic, broadcast);
    if (frame !== null) this.#connection.send(frame);
  }

  // Tokens and permissions ------------------------------------------------------------------------

  async #confirmToken(): Promise<void> {
    this.#claims = await this.#server.verify(this.#token);
    clearTimeout(this.#tokenTimer);
    const wait = Math.min(this.#claims.exp * 1000 - Date.now(), longestTokenCheck);
    this.#tokenTimer = setTimeout(() => {
      this.#confirmToken().catch((error: unknown) => this.stop(messageOf(error)));
    }, wait);
  }

  get #caller(): Caller {
    return { claims: this.#claims!, headers: this.#connection.headers, topic: this.room.subTopic };
  }

  async #askToRead(): Promise<void> {
    if (!this.room.isPrivate) return;
    const extensions: Extension[] = this.#presenceEnabled ? ["broadcast", "presence"] : ["broadcast"];
    const readable = await this.#server.authorization.readable(this.#caller, extensions);
    const permissions = nothingAsked();
    for (const extension of extensions) permissions[extension].read = readable.has(extension);
    this.#permissions = permissions;
    if (readable.size === 0) throw unauthorized(this.room.subTopic);
  }

  async #mayWrite(extension: Extension): Promise<boolean> {
    if (!this.room.isPrivate) return true;
    const permission = this.#permissions[extension];
    permission.write ??= await this.#server.authorization.writable(this.#caller, extension);
    return permission.write;
  }

  async #accessToken(payload: unknown): Promise<void> {
    const token = isRecord(payload) ? payload.access_token : null;
    if (typeof token !== "string" || token === this.#token || token.startsWith("sb_")) return;
    const before = this.#permissions;
    const lost = `You no longer have permission to read from this Channel topic: ${this.room.subTopic}`;
    this.#token = token;
    try {
      await this.#confirmToken();
      await this.#askToRead();
      const revoked = (["broadcast", "presence"] as const).some((extension) =>
        before[extension].read === true && this.#permissions[extension].read === false
      );
      if (revoked) return this.stop(lost);
      this.#server.changes.renew(this, this.#claims!);
    } catch (error) {
      const denied = error instanceof AuthorizationError && error.code === "Unauthorized";
      this.stop(denied ? lost : messageOf(error));
    }
  }

  // Broadcast -------------------------------------------------------------------------------------

  #broadcast(message: Incoming): void | Promise<void> {
    if (!this.room.isPrivate || this.#permissions.broadcast.write === true) return this.#send(message);
    return this.#mayWrite("broadcast").then(
      // Without the permission there is no answer at all: an acknowledged send times out in the client.
      (allowed) => allowed ? this.#send(message) : undefined,
      (error: unknown) => log("error", "unable to handle a broadcast", { topic: this.#topic, error }),
    );
  }

  #send(message: Incoming): void {
    if (this.#closed) return;
    this.#server.events.add();
    const broadcast = readBroadcast(message);
    const tooLarge = sizeOf(broadcast) > this.#server.limits.payloadBytes;
    if (!tooLarge) this.#server.rooms.broadcast(this.room, broadcast, this.#join.self ? undefined : this);
    if (this.#join.ack) {
      this.#connection.reply(message, tooLarge ? "error" : "ok", tooLarge ? "payload_size_exceeded" : {});
    }
  }

  // Presence --------------------------------------------------------------------------------------

  async #presence(message: Incoming): Promise<void> {
    const answer = (status: "ok" | "error", response: unknown = {}) =>
      this.#connection.reply(message, status, response);
    const request = readPresence(message.payload);
    if (!request) return answer("ok");
    if (!this.#countPresenceCall()) return this.stop("Client presence rate limit exceeded");

    if (request.event === "untrack") {
      this.#publish(this.#server.presence.untrack(this.room, this));
      return answer("ok");
    }
    if (request.event !== "track") return answer("error");
    try {
      if (!await this.#mayTrack()) return answer("error");
    } catch (error) {
      log("error", "unable to handle presence", { topic: this.#topic, error });
      return answer("error");
    }
    if (this.#closed) return;
    if (!request.tracked) return answer("error", { reason: "Presence track payload must be a map" });
    const size = Buffer.byteLength(JSON.stringify(request.tracked));
    if (size > this.#server.limits.payloadBytes) return this.stop("Track message size exceeded");
    if (!this.#countPresenceEvents(1)) return;

    const difference = this.#server.presence.track(this.room, this, this.#join.presenceKey, request.tracked);
    answer("ok");
    this.#publish(difference);
    if (!this.#presenceEnabled) {
      this.#presenceEnabled = true;
      this.#syncPresence();
    }
  }

  /** Tracking turns presence on, so the permission to read it is asked for here when the join did not. */
  async #mayTrack(): Promise<boolean> {
    const { presence } = this.#permissions;
    if (this.room.isPrivate && presence.read === null) {
      presence.read = (await this.#server.authorization.readable(this.#caller, ["presence"])).has("presence");
    }
    return this.#mayWrite("presence");
  }

  #syncPresence(): void {
    if (!this.readsPresence || !this.#countPresenceEvents(1)) return;
    this.push("presence_state", this.#server.presence.state(this.room));
  }

  #publish(difference: ReturnType<Presence["track"]>): void {
    if (!difference) return;
    const count = this.#server.rooms.presence(this.room, "presence_diff", difference);
    this.#server.presenceEvents.add(count);
  }

  #countPresenceCall(): boolean {
    const { clientPresenceCalls, clientPresenceWindow } = this.#server.limits;
    const calls = this.#presenceCalls;
    if (Date.now() > calls.resetAt) {
      this.#presenceCalls = { count: 1, resetAt: Date.now() + clientPresenceWindow };
    } else if (calls.count >= clientPresenceCalls) return false;
    else calls.count += 1;
    return true;
  }

  #countPresenceEvents(count: number): boolean {
    if (this.#server.presenceEvents.average > this.#server.limits.presenceEventsPerSecond) {
      this.stop("Too many presence messages per second");
      return false;
    }
    this.#server.presenceEvents.add(count);
    return true;
  }
}

function nothingAsked(): Permissions {
  return { broadcast: { read: null, write: null }, presence: { read: null, write: null } };
}

function readBroadcast({ userBroadcast, payload }: Incoming): Broadcast {
  if (userBroadcast) return { kind: "user", broadcast: userBroadcast };
  return Buffer.isBuffer(payload) ? { kind: "binary", data: payload } : { kind: "map", payload };
}

function sizeOf(broadcast: Broadcast): number {
  switch (broadcast.kind) {
    case "user":
      return broadcast.broadcast.payload.length;
    case "binary":
      return broadcast.data.length;
    case "map":
      return Buffer.byteLength(JSON.stringify(broadcast.payload ?? null));
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof TokenError || error instanceof AuthorizationError || error instanceof ReplayError) {
    return new Refusal(`${error.code}: ${error.message}`);
  }
  log("error", "a join failed", { error });
  return new Refusal("Unknown Error on Channel");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
