import { encode, encodeBinaryBroadcast, encodeUserBroadcast } from "./frames.ts";
import type { Encoded, UserBroadcast, Version } from "./frames.ts";
import { log } from "./log.ts";
import type { Rate } from "./rates.ts";

/** Who is in a room: one joined channel of one socket. */
export interface Member {
  readonly version: Version;
  readonly readsBroadcasts: boolean;
  readonly readsPresence: boolean;
  /** Hands over a frame; `id` is that of a stored message, if it is one. */
  deliver: (frame: Encoded, id?: string) => void;
  /** Ends the membership with a system error. */
  stop: (message: string) => void;
}

/** A public and a private channel of one name are different rooms. */
export interface RoomName {
  subTopic: string;
  isPrivate: boolean;
}

/** What is sent to everybody in a room. */
export type Broadcast =
  | { kind: "user"; broadcast: UserBroadcast }
  | { kind: "map"; payload: unknown }
  | { kind: "binary"; data: Buffer };

/** The rooms of this server and everything that goes to all members of one. */
export class Rooms {
  #members = new Map<string, Set<Member>>();
  #received: Rate;
  #limit: number;

  constructor(received: Rate, eventsPerSecond: number) {
    this.#received = received;
    this.#limit = eventsPerSecond;
  }

  enter(room: RoomName, member: Member): void {
    const members = this.#members.get(key(room));
    if (members) members.add(member);
    else this.#members.set(key(room), new Set([member]));
  }

  leave(room: RoomName, member: Member): void {
    const members = this.#members.get(key(room));
    if (members?.delete(member) && members.size === 0) this.#members.delete(key(room));
  }

  /** Sends a broadcast to all members that may read it, except the sender. */
  broadcast(room: RoomName, broadcast: Broadcast, sender?: Member): void {
    const id = broadcast.kind === "user" ? broadcast.broadcast.meta?.id : undefined;
    const encodeFor = onePerVersion((version) => encodeBroadcast(version, topicOf(room), broadcast));
    const isOverQuota = this.#received.average >= this.#limit;
    for (const member of this.#members.get(key(room)) ?? []) {
      if (member === sender || !member.readsBroadcasts) continue;
      const frame = encodeFor(member.version);
      if (frame === null) continue;
      this.#received.add();
      if (isOverQuota) member.stop("Too many messages per second");
      else member.deliver(frame, typeof id === "string" ? id : undefined);
    }
  }

  /** Sends a presence event to all members that may read presence and tells how many there were. */
  presence(room: RoomName, event: string, payload: unknown): number {
    let count = 0;
    const message = { joinRef: null, ref: null, topic: topicOf(room), event, payload };
    const encodeFor = onePerVersion((version) => encode(version, message));
    for (const member of this.#members.get(key(room)) ?? []) {
      if (!member.readsPresence) continue;
      const frame = encodeFor(member.version);
      if (frame !== null) member.deliver(frame);
      count += 1;
    }
    return count;
  }
}

export function key({ subTopic, isPrivate }: RoomName): string {
  return `${isPrivate ? "private" : "public"}:${subTopic}`;
}

export function topicOf({ subTopic }: RoomName): string {
  return `realtime:${subTopic}`;
}

/** One broadcast as a frame of one version; null when that version cannot carry it. */
export function encodeBroadcast(version: Version, topic: string, broadcast: Broadcast): Encoded | null {
  switch (broadcast.kind) {
    case "user":
      return encodeUserBroadcast(version, topic, broadcast.broadcast);
    case "map":
      return encode(version, {
        joinRef: null,
        ref: null,
        topic,
        event: "broadcast",
        payload: broadcast.payload,
      });
    case "binary":
      return version === "2.0.0" ? encodeBinaryBroadcast(topic, "broadcast", broadcast.data) : null;
  }
}

/** Encodes once per version, however many members there are. */
function onePerVersion(encodeFor: (version: Version) => Encoded | null): typeof encodeFor {
  const frames = new Map<Version, Encoded | null>();
  return (version) => {
    const known = frames.get(version);
    if (known !== undefined) return known;
    let frame: Encoded | null = null;
    try {
      frame = encodeFor(version);
    } catch (error) {
      log("warning", "a broadcast cannot be encoded", { error });
    }
    frames.set(version, frame);
    return frame;
  };
}
