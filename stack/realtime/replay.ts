import type postgres from "postgres";
import { z } from "zod";
import { log } from "./log.ts";
import { Refusal } from "./refusal.ts";
import type { Broadcast, RoomName } from "./rooms.ts";

const mostMessages = 25;
const replayOptions = z.object({
  since: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(mostMessages).default(10),
});

export type ReplayOptions = z.output<typeof replayOptions>;

/** Reads the replay part of a join; null when the client did not ask for any. */
export function readReplay(value: unknown, room: RoomName): ReplayOptions | null {
  if (value === undefined || value === null) return null;
  if (!room.isPrivate) {
    throw new Refusal("UnableToReplayMessages", "Replay is not allowed for public channels");
  }
  const result = replayOptions.safeParse(value);
  if (!result.success) throw new Refusal("UnableToReplayMessages", "Replay params are not valid");
  return result.data;
}

/** A stored message as it is shown again. */
export interface Replayed {
  id: string;
  payload: Broadcast;
}

interface StoredMessage {
  id: string;
  event: string;
  payload: string | null;
  binary: Buffer | null;
}

/** Reads the newest private messages of a topic since a moment, oldest first. */
export function createReplay(sql: postgres.Sql) {
  return async function replay(subTopic: string, { since, limit }: ReplayOptions): Promise<Replayed[]> {
    try {
      const rows = await sql<StoredMessage[]>`
        select id, event, payload::text as payload, binary_payload as binary
        from realtime.messages
        where topic = ${subTopic}
          and extension = 'broadcast'
          and private is true
          and event is not null
          and inserted_at >= to_timestamp(${since}::bigint / 1000.0) at time zone 'utc'
          and inserted_at < now() at time zone 'utc' + interval '1 day'
        order by inserted_at desc
        limit ${limit}`;
      return rows.reverse().map(({ id, event, payload, binary }) => {
        const meta = { replayed: true, id };
        if (binary) {
          return {
            id,
            payload: { kind: "user", broadcast: { event, encoding: "binary", payload: binary, meta } },
          };
        }
        return {
          id,
          payload: {
            kind: "map",
            payload: { type: "broadcast", event, payload: JSON.parse(payload ?? "null"), meta },
          },
        };
      });
    } catch (error) {
      log("error", "replay failed", { error });
      throw new Refusal("UnableToReplayMessages", "Realtime was unable to replay messages");
    }
  };
}

export type Replay = ReturnType<typeof createReplay>;
