import type postgres from "postgres";
import type { Channel } from "./channel.ts";
import { isRecord } from "./frames.ts";
import type { Claims } from "./tokens.ts";

/** One requested subscription with the number that its changes are labelled with. */
export interface Binding {
  request: Record<string, unknown>;
  id: number;
}

/** Subscriptions to the changes of tables. */
export class PostgresChanges {
  #nextId = 1;
  #subscribed = new Map<Channel, Binding[]>();

  constructor(_sql: postgres.Sql) {
  }

  prepare(channel: Channel, requests: unknown[], _claims: Claims): Binding[] {
    const bindings = requests.filter(isRecord).map((request) => ({ request, id: this.#nextId++ }));
    if (bindings.length > 0) this.#subscribed.set(channel, bindings);
    return bindings;
  }

  start(channel: Channel): void {
    if (this.#subscribed.has(channel)) {
      channel.system("postgres_changes", "error", "postgres_changes is not offered by this server yet");
    }
  }

  renew(_channel: Channel, _claims: Claims): void {
  }

  drop(channel: Channel): void {
    this.#subscribed.delete(channel);
  }
}
