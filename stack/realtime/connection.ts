import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { Channel } from "./channel.ts";
import { decode, encode, encodeReply, MalformedFrame } from "./frames.ts";
import type { Encoded, Incoming, Message, Version } from "./frames.ts";
import { readJoin } from "./join.ts";
import { log } from "./log.ts";
import { Refusal } from "./refusal.ts";
import type { Server } from "./server.ts";

/** What the upgrade request said about a client. */
export interface Client {
  version: Version;
  apiToken: string;
  headers: Record<string, string>;
}

/** Close codes a client may see beside its own. */
export const closeCodes = { normal: 1000, goingAway: 1001, restart: 1012, tooSlow: 1013 } as const;

const tooManyJoins = "ClientJoinRateLimitReached: Too many joins per second";

/** One socket with its channels. */
export class Connection {
  readonly version: Version;
  readonly apiToken: string;
  readonly headers: Record<string, string>;
  #server: Server;
  #socket: WebSocket;
  /** What carries the frames. */
  #stream: Duplex;
  #gathering = false;
  #channels = new Map<string, Channel>();
  /** What is going on per topic: its messages are handled one after another. */
  #busy = new Map<string, Promise<void>>();
  #lastFrame = Date.now();
  #lastChannel = Date.now();

  constructor(server: Server, socket: WebSocket, stream: Duplex, client: Client) {
    this.#server = server;
    this.#socket = socket;
    this.#stream = stream;
    this.version = client.version;
    this.apiToken = client.apiToken;
    this.headers = client.headers;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("ping", () => (this.#lastFrame = Date.now()));
    socket.on("close", () => this.#end());
    socket.on("error", (error) => log("info", "socket error", { error }));
  }

  send(frame: Encoded): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#server.limits.bufferedBytes) {
      log("warning", "a client reads too slowly, dropping its connection", {
        buffered: this.#socket.bufferedAmount,
      });
      return this.close(closeCodes.tooSlow, "reads too slowly");
    }
    this.#gather();
    this.#socket.send(frame);
  }

  /** What is sent within one turn of the event loop leaves in one piece: the more there is to do, the cheaper a frame becomes. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#stream.cork();
    setImmediate(() => {
      this.#gathering = false;
      this.#stream.uncork();
    });
  }

  push(message: Message): void {
    this.send(encode(this.version, message));
  }

  reply(to: Message, status: "ok" | "error", response: unknown): void {
    this.send(encodeReply(this.version, to, status, response));
  }

  /** Ends a channel and says so: clients do not join again by themselves after this. */
  closeChannel(channel: Channel): void {
    const topic = `realtime:${channel.room.subTopic}`;
    if (this.#channels.get(topic) === channel) this.#channels.delete(topic);
    channel.close();
    this.push({ joinRef: channel.joinRef, ref: channel.joinRef, topic, event: "phx_close", payload: {} });
  }

  /** Ends the connection when nothing came for too long, or it never joined a channel. */
  checkIdle(now: number): void {
    const { idleTimeout, noChannelTimeout } = this.#server.limits;
    if (this.#channels.size > 0) this.#lastChannel = now;
    if (now - this.#lastFrame > idleTimeout || now - this.#lastChannel > noChannelTimeout) {
      this.close(closeCodes.normal, "");
    }
  }

  /** Tells every channel that the server goes away, then closes the socket. */
  shutDown(): void {
    for (const channel of this.#channels.values()) {
      channel.system("system", "ok", "Server requested disconnect");
    }
    this.close(closeCodes.restart, "service restart");
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    setTimeout(() => this.#socket.terminate(), 2_000).unref();
  }

  #end(): void {
    this.#server.connections.delete(this);
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#lastFrame = Date.now();
    let message: Incoming;
    try {
      message = decode(this.version, data as Buffer, isBinary);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error;
      log("warning", "malformed message", { error });
      return;
    }
    if (message.topic === "phoenix" && message.event === "heartbeat") return this.reply(message, "ok", {});
    this.#inOrder(message.topic, () => this.#route(message));
  }

  /** Handles a message at once while nothing of its topic is waiting, so that the common case stays synchronous. */
  #inOrder(topic: string, task: () => void | Promise<void>): void {
    const guarded = () => {
      try {
        return task()?.catch((error: unknown) => this.#crash(topic, error));
      } catch (error) {
        this.#crash(topic, error);
      }
    };
    const before = this.#busy.get(topic);
    const started = before ? before.then(guarded) : guarded();
    if (!started) return;
    const handled: Promise<void> = started.then(() => {
      if (this.#busy.get(topic) === handled) this.#busy.delete(topic);
    });
    this.#busy.set(topic, handled);
  }

  /** Ends a channel that failed: clients join it again by themselves. */
  #crash(topic: string, error: unknown): void {
    log("error", "a channel failed", { topic, error });
    const channel = this.#channels.get(topic);
    if (!channel) return;
    this.#channels.delete(topic);
    channel.close();
    this.push({ joinRef: channel.joinRef, ref: channel.joinRef, topic, event: "phx_error", payload: {} });
  }

  #route(message: Incoming): void | Promise<void> {
    const channel = this.#channels.get(message.topic);
    if (message.event === "phx_join") return this.#join(message, channel);
    if (!channel) {
      if (message.event === "phx_leave") return this.reply(message, "ok", {});
      return this.reply(message, "error", { reason: "unmatched topic" });
    }
    if (message.joinRef !== null && message.joinRef !== channel.joinRef) return;
    if (message.event === "phx_leave") {
      this.reply(message, "ok", {});
      return this.closeChannel(channel);
    }
    return channel.handle({ ...message, joinRef: channel.joinRef });
  }

  async #join(message: Incoming, before: Channel | undefined): Promise<void> {
    if (before) this.closeChannel(before);
    const refuse = (reason: string) => this.reply(message, "error", { reason });
    if (!message.topic.startsWith("realtime:")) return refuse("unmatched topic");
    if (message.topic === "realtime:") return refuse("TopicNameRequired: You must provide a topic name");

    const { limits, connections, joins } = this.#server;
    if (this.#server.isStopping) {
      return refuse("RealtimeRestarting: Realtime is restarting, please standby");
    }
    const join = readJoin(message.payload);
    if (limits.privateOnly && !join.isPrivate) {
      return refuse("PrivateOnly: This project only allows private channels");
    }
    if (connections.size > limits.users) {
      return refuse("ConnectionRateLimitReached: Too many connected users");
    }
    if (joins.average >= limits.joinsPerSecond) {
      refuse(tooManyJoins);
      return this.close(closeCodes.goingAway, "going away");
    }
    joins.add();
    if (this.#channels.size >= limits.channelsPerClient) {
      return refuse("ChannelRateLimitReached: Too many channels");
    }

    const channel = new Channel(this.#server, this, message, join);
    this.#channels.set(message.topic, channel);
    try {
      await channel.join((response) => this.reply(message, "ok", response));
    } catch (error) {
      if (this.#channels.get(message.topic) === channel) this.#channels.delete(message.topic);
      refuse(error instanceof Refusal ? error.reason : "Unknown Error on Channel");
    }
  }
}
