import type postgres from "postgres";
import { log } from "./log.ts";
import type { UserBroadcast } from "./frames.ts";
import { formatLsn, openStream, parseLsn } from "./replication.ts";
import type { Stream } from "./replication.ts";
import type { Row } from "./pgoutput.ts";
import { key } from "./rooms.ts";
import type { RoomName } from "./rooms.ts";

const slotName = "supabase_realtime_messages_replication_slot";
const publication = "supabase_realtime_messages_publication";

/** How long after a start clients may come back for what they missed, and how much is kept for them. */
export const returnMilliseconds = 30_000;
const mostKept = 10_000;

/** Messages of the database: delivered live, and kept for a while after a restart. */
export interface DatabaseBroadcasts {
  /** Whether broadcasts from the database flow right now. */
  connected: () => boolean;
  /** What a client that was connected to this server's previous life has missed in a room. */
  missed: (room: RoomName) => UserBroadcast[];
  stop: () => Promise<void>;
}

export interface DatabaseBroadcastsOptions {
  sql: postgres.Sql;
  databaseUrl: string;
  slotSuffix: string;
  deliver: (room: RoomName, broadcast: UserBroadcast) => void;
  /** Called when the database is there again after it was away. */
  onReturn: () => void;
}

/**
 * Follows the inserts into realtime.messages through a logical replication slot: in commit order, each once. The slot
 * outlives this process, so what is committed while it is down is delivered after it is back.
 */
export async function followDatabase(options: DatabaseBroadcastsOptions): Promise<DatabaseBroadcasts> {
  const { sql, deliver } = options;
  const slot = options.slotSuffix === "" ? slotName : `${slotName}_${options.slotSuffix}`;
  const isNewSlot = await ensureSlot(sql, slot);
  const kept = new Map<string, UserBroadcast[]>();
  let keptMessages = 0;
  let keeping = !isNewSlot;
  let position = 0n;
  let stream: Stream | null = null;
  let stopping = false;
  let reached: () => void = () => {};

  function onInsert(row: Row): void {
    const message = readMessage(row);
    if (!message) return;
    if (keeping && keptMessages < mostKept) {
      keptMessages += 1;
      const messages = kept.get(key(message.room));
      if (messages) messages.push(message.broadcast);
      else kept.set(key(message.room), [message.broadcast]);
    }
    deliver(message.room, message.broadcast);
  }

  async function open(): Promise<void> {
    stream = await openStream({
      databaseUrl: options.databaseUrl,
      slot,
      temporary: false,
      publication,
      from: position,
      onChange: (change) => {
        if (change.action === "I") onInsert(change.row);
      },
      onProgress: (lsn) => {
        position = lsn;
        reached();
      },
    });
    void stream.closed.then(reopen);
  }

  async function reopen(reason: Error | null): Promise<void> {
    stream = null;
    if (!stopping) log("warning", "replication ended, connecting again", { error: reason });
    while (!stopping) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      try {
        if (stopping) return;
        await ensureSlot(sql, slot);
        await open();
        options.onReturn();
        log("info", "replication goes on", { from: formatLsn(position) });
        return;
      } catch (error) {
        log("warning", "replication is not possible yet", { error });
      }
    }
  }

  await openWhenFree(slot, open);
  const [{ lsn } = { lsn: "0/0" }] = await sql<
    { lsn: string }[]
  >`select pg_current_wal_flush_lsn()::text as lsn`;
  await new Promise<void>((resolve) => {
    const target = parseLsn(lsn);
    const timer = setTimeout(resolve, 5_000);
    reached = () => {
      if (position < target) return;
      clearTimeout(timer);
      resolve();
    };
    reached();
  });
  setTimeout(() => {
    keeping = false;
    kept.clear();
  }, returnMilliseconds).unref();

  return {
    connected: () => stream !== null,
    missed: (room) => [...(kept.get(key(room)) ?? [])],
    stop: async () => {
      stopping = true;
      await stream?.stop();
    },
  };
}

/** Makes the slot unless it is there, and again when the server has given it up; true when it is new. */
async function ensureSlot(sql: postgres.Sql, slot: string): Promise<boolean> {
  const [existing] = await sql<{ lost: boolean }[]>`
    select wal_status = 'lost' as lost from pg_replication_slots where slot_name = ${slot}`;
  if (existing && !existing.lost) return false;
  if (existing) await sql`select pg_drop_replication_slot(${slot})`;
  await sql`select pg_create_logical_replication_slot(${slot}, 'pgoutput')`;
  return true;
}

/** A server that was killed may hold the slot for a moment longer. */
async function openWhenFree(slot: string, open: () => Promise<void>): Promise<void> {
  const objectInUse = "55006";
  for (let attempt = 1;; attempt++) {
    try {
      return await open();
    } catch (error) {
      const busy = error instanceof Error && "code" in error && error.code === objectInUse;
      if (!busy) throw error;
      if (attempt === 50) throw new Error(`replication slot ${slot} is held by another Realtime server`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function readMessage(row: Row): { room: RoomName; broadcast: UserBroadcast } | null {
  const { id, topic, event, extension, payload, binary_payload: binary } = row;
  if (!id || topic === null || topic === undefined || extension !== "broadcast" || !event) return null;
  const room = { subTopic: topic, isPrivate: row.private === "t" };
  if (payload) {
    return {
      room,
      broadcast: { event, encoding: "json", payload: Buffer.from(payload, "utf8"), meta: { id } },
    };
  }
  if (binary) {
    const bytes = Buffer.from(binary.replace(/^\\x/, ""), "hex");
    return { room, broadcast: { event, encoding: "binary", payload: bytes, meta: { id } } };
  }
  return null;
}
