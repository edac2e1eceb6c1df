import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { log } from "./log.ts";
import { key } from "./rooms.ts";
import type { RoomName } from "./rooms.ts";
import type { Claims } from "./tokens.ts";

const writeAfterMilliseconds = 50;

interface Membership {
  id: string;
  room: string;
  caller: string;
}

/**
 * Remembers in the database who is in which room. After a restart, whoever comes back to their room is known by that and
 * gets what they missed; a newcomer gets nothing of the past.
 */
export class Returning {
  #sql: postgres.Sql;
  #expected = new Map<string, number>();
  #members = new Map<string, Membership>();
  #added = new Map<string, Membership>();
  #removed: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isFrozen = false;

  constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  /** Takes over the memberships of this server's previous life, for a while. */
  async takeOver(milliseconds: number): Promise<void> {
    const rows = await this.#sql<
      Membership[]
    >`delete from realtime.members returning member_id as id, room, caller`;
    for (const { room, caller } of rows) {
      const seat = JSON.stringify([room, caller]);
      this.#expected.set(seat, (this.#expected.get(seat) ?? 0) + 1);
    }
    setTimeout(() => this.#expected.clear(), milliseconds).unref();
  }

  /** Whether this is somebody who was in the room before; true once for each that was. */
  recognise(room: RoomName, claims: Claims): boolean {
    const seat = JSON.stringify([key(room), callerOf(claims)]);
    const seats = this.#expected.get(seat) ?? 0;
    if (seats > 0) this.#expected.set(seat, seats - 1);
    return seats > 0;
  }

  /** Notes a member; the id is for `leave`. */
  enter(room: RoomName, claims: Claims): string {
    const membership = { id: randomUUID(), room: key(room), caller: callerOf(claims) };
    // PostgreSQL's text holds no NUL; a room of such a name is not remembered.
    if (!membership.room.includes("\0")) {
      this.#members.set(membership.id, membership);
      this.#added.set(membership.id, membership);
    }
    this.#schedule();
    return membership.id;
  }

  leave(id: string): void {
    if (this.#isFrozen) return;
    this.#members.delete(id);
    if (this.#added.delete(id)) return;
    this.#removed.push(id);
    this.#schedule();
  }

  /** Notes everybody again: a database that has crashed has forgotten them. */
  noteAgain(): void {
    for (const [id, membership] of this.#members) this.#added.set(id, membership);
    this.#schedule();
  }

  /** From now on who leaves is expected back. */
  async freeze(): Promise<void> {
    this.#isFrozen = true;
    clearTimeout(this.#timer);
    await this.#write();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, writeAfterMilliseconds);
  }

  async #write(): Promise<void> {
    const added = [...this.#added.values()];
    const removed = this.#removed;
    this.#added.clear();
    this.#removed = [];
    try {
      if (added.length > 0) {
        await this.#sql`
          insert into realtime.members (member_id, room, caller)
          select * from unnest(
            ${added.map(({ id }) => id)}::uuid[],
            ${added.map(({ room }) => room)}::text[],
            ${added.map(({ caller }) => caller)}::text[]
          )
          on conflict do nothing`;
      }
      if (removed.length > 0) {
        await this.#sql`delete from realtime.members where member_id = any (${removed}::uuid[])`;
      }
    } catch (error) {
      log("warning", "memberships could not be noted", { error });
    }
  }
}

function callerOf(claims: Claims): string {
  return `${claims.role}:${String(claims.session_id ?? claims.sub ?? "")}`;
}
