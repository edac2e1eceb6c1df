import { unauthorized } from "./authorization.ts";
import type { Caller, Extension } from "./authorization.ts";
import type { Connection } from "./connection.ts";
import type { Encoded, Incoming, Reference, Version } from "./frames.ts";
import { isRecord } from "./frames.ts";
import type { Join } from "./join.ts";
import { log } from "./log.ts";
import { Permissions } from "./permissions.ts";
import type { Listener } from "./postgres-changes.ts";
import { readPresence } from "./presence.ts";
import type { Difference } from "./presence.ts";
import { Allowance } from "./rates.ts";
import { Refusal } from "./refusal.ts";
import { readReplay } from "./replay.ts";
import { encodeBroadcast } from "./rooms.ts";
import type { Broadcast, Member, RoomName } from "./rooms.ts";
import type { Server } from "./server.ts";
import type { Claims } from "./tokens.ts";

const longestTokenCheck = 3_600_000;

/** One channel that one socket has joined. */
export class Channel implements Member, Listener {
  readonly joinRef: Reference;
  readonly version: Version;
  readonly room: RoomName;
  readonly topic: string;
  #server: Server;
  #connection: Connection;
  #join: Join;
  #token: string;
  #claims: Claims | null = null;
  #permissions: Permissions;
  #presenceEnabled: boolean;
  #presenceCalls: Allowance;
  #replayed = new Set<string>();
  /** Frames that arrive while the join is going on; null once the client has its answer. */
  #held: { frame: Encoded; id: string | undefined }[] | null = [];
  #tokenTimer: NodeJS.Timeout | undefined;
  #membership: string | null = null;
  #closed = false;

  constructor(server: Server, connection: Connection, message: Incoming, join: Join) {
    this.#server = server;
    this.#connection = connection;
    this.topic = message.topic;
    this.#join = join;
    this.#token = join.token ?? connection.apiToken;
    this.#presenceEnabled = join.presenceEnabled;
    this.joinRef = message.joinRef;
    this.version = connection.version;
    this.room = { subTopic: message.topic.slice("realtime:".length), isPrivate: join.isPrivate };
    this.#permissions = new Permissions(server.authorization, this.room);
    this.#presenceCalls = new Allowance(
      server.limits.clientPresenceCalls,
      server.limits.clientPresenceWindow,
    );
  }

  get readsBroadcasts(): boolean {
    return this.#permissions.reads("broadcast");
  }

  get readsPresence(): boolean {
    return this.#permissions.reads("presence");
  }

  /** Goes through the checks of a join and enters the room; throws when it is refused, answers through `reply`. */
  async join(reply: (response: unknown) => void): Promise<void> {
    const { server, join, room } = { server: this.#server, join: this.#join, room: this.room };
    try {
      await this.#confirmToken();
      await this.#permissions.renew(this.#caller, this.#extensions);
      if (this.#closed) return;
      if (join.replay !== undefined && !this.readsBroadcasts) throw unauthorized(room.subTopic);
      const replay = readReplay(join.replay, room);
      // From here on nothing is missed: what arrives before the answer is held back.
      server.rooms.enter(room, this);
      const missed = server.returning.recognise(room, this.#claims!) ? server.broadcasts.missed(room) : [];
      const replayed = replay ? await server.replay(room.subTopic, replay) : [];
      if (this.#closed) return;

      const changes = server.changes.prepare(this, join.changes, this.#claims!);
      if (join.changesWait !== null) await server.changes.wait(this, join.changesWait);
      if (this.#closed) return;
      reply({ postgres_changes: changes.map(({ request, id }) => ({ ...request, id })) });
      for (const { id } of replayed) this.#replayed.add(id);
      for (const broadcast of missed) {
        if (!this.#replayed.has(String(broadcast.meta?.id))) this.#deliverNow({ kind: "user", broadcast });
      }
      for (const { payload } of replayed) this.#deliverNow(payload);
      this.#release();
      this.#membership = server.returning.enter(room, this.#claims!);
    } catch (error) {
      this.close();
      if (!(error instanceof Refusal)) log("error", "a join failed", { topic: this.topic, error });
      throw error;
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
        log("info", "unexpected message from a client", { topic: this.topic, event: message.event });
    }
  }

  deliver(frame: Encoded, id?: string): void {
    if (this.#held) this.#held.push({ frame, id });
    else if (id === undefined || !this.#replayed.has(id)) this.#connection.send(frame);
  }

  stop(message: string): void {
    if (this.#closed) return;
    log("warning", "ending a channel", { topic: this.topic, reason: message });
    this.system("system", "error", message);
    this.#connection.closeChannel(this);
  }

  system(extension: string, status: "ok" | "error", message: string): void {
    this.push("system", { extension, status, message, channel: this.room.subTopic });
  }

  /** Sends an event to this member alone. */
  push(event: string, payload: unknown): void {
    if (this.#closed) return;
    this.#connection.push({ joinRef: this.joinRef, ref: null, topic: this.topic, event, payload });
  }

  /** Leaves the room; the connection tells the client. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#tokenTimer);
    this.#server.rooms.leave(this.room, this);
    if (this.#membership !== null) this.#server.returning.leave(this.#membership);
    this.#server.changes.drop(this);
    this.#publish(this.#server.presence.untrack(this.room, this));
  }

  #afterJoin(): void {
    if (this.#closed) return;
    this.#server.changes.announce(this);
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
    const frame = encodeBroadcast(this.version, this.topic, broadcast);
    if (frame !== null) this.#connection.send(frame);
  }

  // Tokens and permissions ------------------------------------------------------------------------

  async #confirmToken(): Promise<void> {
    this.#claims = await this.#server.verify(this.#token);
    if (this.#closed) return;
    clearTimeout(this.#tokenTimer);
    const wait = Math.min(this.#claims.exp * 1000 - Date.now(), longestTokenCheck);
    this.#tokenTimer = setTimeout(() => {
      this.#confirmToken().catch((error: unknown) => this.stop(messageOf(error)));
    }, wait);
  }

  get #caller(): Caller {
    return { claims: this.#claims!, headers: this.#connection.headers, topic: this.room.subTopic };
  }

  get #extensions(): Extension[] {
    return this.#presenceEnabled ? ["broadcast", "presence"] : ["broadcast"];
  }

  async #accessToken(payload: unknown): Promise<void> {
    const token = isRecord(payload) ? payload.access_token : null;
    if (typeof token !== "string" || token === this.#token || token.startsWith("sb_")) return;
    const gone = `You no longer have permission to read from this Channel topic: ${this.room.subTopic}`;
    this.#token = token;
    try {
      await this.#confirmToken();
      const { lost } = await this.#permissions.renew(this.#caller, this.#extensions);
      if (lost) return this.stop(gone);
      this.#server.changes.renew(this, this.#claims!);
    } catch (error) {
      const denied = error instanceof Refusal && error.code === "Unauthorized";
      this.stop(denied ? gone : messageOf(error));
    }
  }

  // Broadcast -------------------------------------------------------------------------------------

  #broadcast(message: Incoming): void | Promise<void> {
    if (this.#permissions.writes("broadcast")) return this.#send(message);
    return this.#permissions.mayWrite(this.#caller, "broadcast").then(
      // Without the permission there is no answer at all: an acknowledged send times out in the client.
      (allowed) => allowed ? this.#send(message) : undefined,
      (error: unknown) => log("error", "unable to handle a broadcast", { topic: this.topic, error }),
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
    if (!this.#presenceCalls.take()) return this.stop("Client presence rate limit exceeded");

    if (request.event === "untrack") {
      this.#publish(this.#server.presence.untrack(this.room, this));
      return answer("ok");
    }
    if (request.event !== "track") return answer("error");
    try {
      if (!await this.#permissions.mayTrack(this.#caller)) return answer("error");
    } catch (error) {
      log("error", "unable to handle presence", { topic: this.topic, error });
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

  #syncPresence(): void {
    if (!this.readsPresence || !this.#countPresenceEvents(1)) return;
    this.push("presence_state", this.#server.presence.state(this.room));
  }

  #publish(difference: Difference | null): void {
    if (!difference) return;
    const count = this.#server.rooms.presence(this.room, "presence_diff", difference);
    this.#server.presenceEvents.add(count);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
