import { randomBytes } from "node:crypto";
import { isRecord } from "./frames.ts";
import { key } from "./rooms.ts";
import type { Member, RoomName } from "./rooms.ts";

type Meta = Record<string, unknown> & { phx_ref: string };
type Metas = Record<string, { metas: Meta[] }>;

/** What changed for the people in a room. */
export interface Difference {
  joins: Metas;
  leaves: Metas;
}

interface Entry {
  presenceKey: string;
  payload: string;
  meta: Meta;
}

/** Who is present in which room, and with what. */
export class Presence {
  #entries = new Map<string, Map<Member, Entry>>();

  /** Everybody in a room, by key. */
  state(room: RoomName): Metas {
    const state: Metas = Object.create(null);
    for (const { presenceKey, meta } of this.#entries.get(key(room))?.values() ?? []) {
      (state[presenceKey] ??= { metas: [] }).metas.push(meta);
    }
    return state;
  }

  /** Adds or changes a member; null when nothing changed. */
  track(
    room: RoomName,
    member: Member,
    presenceKey: string,
    payload: Record<string, unknown>,
  ): Difference | null {
    const entries = this.#entries.get(key(room)) ?? new Map<Member, Entry>();
    const before = entries.get(member);
    const text = JSON.stringify(payload);
    if (before?.payload === text) return null;

    const meta: Meta = { ...payload, phx_ref: randomBytes(9).toString("base64url") };
    if (before) meta.phx_ref_prev = before.meta.phx_ref;
    entries.set(member, { presenceKey, payload: text, meta });
    this.#entries.set(key(room), entries);
    return { joins: one(presenceKey, meta), leaves: before ? one(presenceKey, before.meta) : {} };
  }

  /** Removes a member; null when it was not present. */
  untrack(room: RoomName, member: Member): Difference | null {
    const entries = this.#entries.get(key(room));
    const before = entries?.get(member);
    if (!entries || !before) return null;
    entries.delete(member);
    if (entries.size === 0) this.#entries.delete(key(room));
    return { joins: {}, leaves: one(before.presenceKey, before.meta) };
  }
}

/** What a client asks for: its event in lower case and the map to track, null when that is no map. */
export function readPresence(
  payload: unknown,
): { event: string; tracked: Record<string, unknown> | null } | null {
  if (!isRecord(payload) || typeof payload.event !== "string") return null;
  const tracked = payload.payload ?? {};
  return { event: payload.event.toLowerCase(), tracked: isRecord(tracked) ? tracked : null };
}

/** Without a prototype, so that a key such as `__proto__` is a key like any other. */
function one(presenceKey: string, meta: Meta): Metas {
  return Object.assign(Object.create(null), { [presenceKey]: { metas: [meta] } });
}
