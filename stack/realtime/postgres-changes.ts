import { randomBytes, randomUUID } from "node:crypto";
import type postgres from "postgres";
import type { ChangeRequest } from "./filters.ts";
import { MalformedRequest, readChangeRequest } from "./filters.ts";
import { encodeRaw, isRecord } from "./frames.ts";
import type { Encoded, Version } from "./frames.ts";
import { log } from "./log.ts";
import type { Change, Relation, Row, Transaction } from "./pgoutput.ts";
import { Refusal } from "./refusal.ts";
import { openStream } from "./replication.ts";
import type { Stream } from "./replication.ts";
import type { Claims } from "./tokens.ts";

const publication = "supabase_realtime";
const subscribed = "Subscribed to PostgreSQL";

/** Who listens to changes of tables: one joined channel of one socket. */
export interface Listener {
  readonly version: Version;
  readonly topic: string;
  deliver: (frame: Encoded) => void;
  system: (extension: string, status: "ok" | "error", message: string) => void;
}

/** One requested subscription with the number that its changes are labelled with. */
export interface Binding {
  request: Record<string, unknown>;
  id: number;
  subscriptionId: string;
}

interface Subscriber {
  claims: Claims;
  isSubscribed: boolean;
  bindings: Binding[];
  retry: NodeJS.Timeout | undefined;
}

/** Subscriptions to the changes of the tables in the publication, as far as each caller's policies show the rows. */
export class PostgresChanges {
  #sql: postgres.Sql;
  #databaseUrl: string;
  #nextId = 1;
  #subscribers = new Map<Listener, Subscriber>();
  #owners = new Map<string, { listener: Listener; id: number }>();
  #stream: Promise<Stream> | null = null;
  /** Changes are judged one after another: their order is the order of the commits. */
  #queue: Promise<void> = Promise.resolve();

  constructor(sql: postgres.Sql, databaseUrl: string) {
    this.#sql = sql;
    this.#databaseUrl = databaseUrl;
  }

  /** Notes what a listener asks for; the answer's ids label the changes that follow. */
  prepare(listener: Listener, requests: unknown[], claims: Claims): Binding[] {
    const bindings = requests.filter(isRecord).map((request) => (
      { request, id: this.#nextId++, subscriptionId: randomUUID() }
    ));
    if (bindings.length === 0) return [];
    this.#subscribers.set(listener, { claims, bindings, isSubscribed: false, retry: undefined });
    for (const { subscriptionId, id } of bindings) this.#owners.set(subscriptionId, { listener, id });
    return bindings;
  }

  /** For a client that wants its subscription before the join is answered. */
  async wait(listener: Listener, milliseconds: number): Promise<void> {
    const subscriber = this.#subscribers.get(listener);
    const deadline = Date.now() + milliseconds;
    while (subscriber && !subscriber.isSubscribed && this.#subscribers.has(listener)) {
      try {
        await this.#subscribe(listener);
        subscriber.isSubscribed = true;
      } catch (error) {
        if (error instanceof MalformedRequest) {
          throw new Refusal("RealtimeDisabledForConfiguration", error.message);
        }
        if (Date.now() >= deadline) {
          const message = `Timed out after ${milliseconds}ms waiting for the postgres_changes subscription`;
          throw new Refusal("PostgresChangesSubscribeTimeout", message);
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(500, deadline - Date.now())));
      }
    }
  }

  /** After the join: says that the subscription is there, or makes it. */
  announce(listener: Listener): void {
    if (this.#subscribers.get(listener)?.isSubscribed) listener.system("postgres_changes", "ok", subscribed);
    else void this.#start(listener);
  }

  /** Subscribes, says so, and tries again every few seconds while the database refuses. */
  async #start(listener: Listener): Promise<void> {
    const subscriber = this.#subscribers.get(listener);
    if (!subscriber) return;
    clearTimeout(subscriber.retry);
    try {
      await this.#subscribe(listener);
      if (this.#subscribers.has(listener)) listener.system("postgres_changes", "ok", subscribed);
    } catch (error) {
      if (!this.#subscribers.has(listener)) return;
      listener.system("postgres_changes", "error", error instanceof Error ? error.message : String(error));
      if (error instanceof MalformedRequest) return;
      subscriber.retry = setTimeout(() => void this.#start(listener), 5_000 + Math.random() * 5_000).unref();
    }
  }

  /** Goes on under another token. */
  renew(listener: Listener, claims: Claims): void {
    const subscriber = this.#subscribers.get(listener);
    if (!subscriber) return;
    subscriber.claims = claims;
    void this.#start(listener);
  }

  drop(listener: Listener): void {
    const subscriber = this.#subscribers.get(listener);
    if (!subscriber) return;
    clearTimeout(subscriber.retry);
    this.#subscribers.delete(listener);
    const ids = subscriber.bindings.map(({ subscriptionId }) => subscriptionId);
    for (const id of ids) this.#owners.delete(id);
    this.#sql`delete from realtime.subscription where subscription_id = any (${ids}::uuid[])`.catch(
      (error: unknown) => log("warning", "a subscription could not be removed", { error }),
    );
    if (this.#subscribers.size === 0) this.#close();
  }

  /** Writes a listener's subscriptions, all or none. */
  async #subscribe(listener: Listener): Promise<void> {
    const subscriber = this.#subscribers.get(listener);
    if (!subscriber) return;
    const { claims, bindings } = subscriber;
    const wanted = bindings.map(({ request, subscriptionId }) => ({
      subscriptionId,
      request: readChangeRequest(request),
    }));
    await this.#listen();
    await this.#sql.begin(async (transaction) => {
      for (const { subscriptionId, request } of wanted) {
        await insertSubscription(transaction, subscriptionId, request, claims);
      }
    });
    // It may have left in the meantime.
    if (!this.#subscribers.has(listener)) {
      const ids = bindings.map(({ subscriptionId }) => subscriptionId);
      await this.#sql`delete from realtime.subscription where subscription_id = any (${ids}::uuid[])`;
    }
  }

  #listen(): Promise<Stream> {
    if (this.#stream) return this.#stream;
    const opening = this.#open();
    this.#stream = opening;
    const ended = (reason: unknown) => {
      if (this.#stream !== opening) return;
      this.#stream = null;
      log("warning", "replication of changes ended", { error: reason });
      for (const listener of this.#subscribers.keys()) void this.#start(listener);
    };
    opening.then((stream) => stream.closed.then(ended), () => (this.#stream = null));
    return opening;
  }

  #open(): Promise<Stream> {
    return openStream({
      databaseUrl: this.#databaseUrl,
      slot: `supabase_realtime_replication_slot_${randomBytes(4).toString("hex")}`,
      temporary: true,
      publication,
      from: 0n,
      onChange: (change, transaction) => {
        this.#queue = this.#queue.then(() => this.#judge(change, transaction)).catch((error: unknown) =>
          log("error", "a change could not be judged", { table: change.relation.table, error })
        );
      },
      onProgress: () => {},
    });
  }

  #close(): void {
    const stream = this.#stream;
    this.#stream = null;
    stream?.then((open) => open.stop()).catch(() => {});
  }

  /** Asks the database who may see a change, and what of it. */
  async #judge(change: Change, { xid, committedAt }: Transaction): Promise<void> {
    if (this.#owners.size === 0) return;
    await this.#settled(xid);
    const wal = JSON.stringify(describe(change, committedAt));
    const results = await this.#sql<{ data: string; subscriptions: string[] }[]>`
      select
        (result.wal || jsonb_build_object('errors', nullif(to_jsonb(result.errors), '[]')))::text as data,
        result.subscription_ids as subscriptions
      from realtime.apply_rls(${wal}::text::jsonb) as result`;
    for (const { data, subscriptions } of results) this.#deliver(data, subscriptions);
  }

  /** A commit is streamed a moment before its rows can be seen; policies must find them. */
  async #settled(xid: number): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const [row] = await this.#sql<{ running: boolean }[]>`
        select exists (
          select from pg_locks where locktype = 'transactionid' and transactionid = ${String(xid)}::xid
        ) as running`;
      if (!row?.running) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #deliver(data: string, subscriptions: string[]): void {
    const idsByListener = new Map<Listener, number[]>();
    for (const subscription of subscriptions) {
      const owner = this.#owners.get(subscription);
      if (owner) idsByListener.set(owner.listener, [...(idsByListener.get(owner.listener) ?? []), owner.id]);
    }
    for (const [listener, ids] of idsByListener) {
      const payload = `{"ids":${JSON.stringify(ids)},"data":${data}}`;
      listener.deliver(encodeRaw(listener.version, listener.topic, "postgres_changes", payload));
    }
  }
}

async function insertSubscription(
  sql: postgres.TransactionSql,
  subscriptionId: string,
  request: ChangeRequest,
  claims: Claims,
): Promise<void> {
  const { event, schema, table, filters } = request;
  const described = `event: ${event}, schema: ${schema}, table: ${table}, ` +
    `filters: ${JSON.stringify(filters.map(({ column, operator, value }) => [column, operator, value]))}`;
  const refused = "Unable to subscribe to changes with given parameters.";
  let inserted: readonly unknown[];
  try {
    inserted = await sql`
      insert into realtime.subscription
        (subscription_id, entity, filters, claims, action_filter, selected_columns)
      select
        ${subscriptionId}::uuid,
        entity.oid::regclass,
        array(
          select row(filter.column, filter.operator, filter.value, filter.negate)::realtime.user_defined_filter
          from jsonb_to_recordset(request.filters)
            as filter ("column" text, operator realtime.equality_op, value text, negate boolean)
        ),
        ${JSON.stringify(claims)}::text::jsonb,
        request.event,
        case when request.columns <> 'null' then array(select jsonb_array_elements_text(request.columns)) end
      from jsonb_to_record(${JSON.stringify(request)}::text::jsonb)
        as request (event text, schema text, "table" text, filters jsonb, columns jsonb)
      join pg_publication_tables as published
        on request.schema in ('*', published.schemaname) and request.table in ('*', published.tablename)
      join pg_namespace as namespace on namespace.nspname = published.schemaname
      join pg_class as entity on entity.relname = published.tablename and entity.relnamespace = namespace.oid
      where published.pubname = ${publication}
      on conflict (subscription_id, entity, filters, action_filter, (coalesce(selected_columns, '{}')))
        do update set claims = excluded.claims
      returning id`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${refused} An exception happened so please check your connect parameters: [${described}]. Exception: ${reason}`,
    );
  }
  if (inserted.length === 0) {
    throw new Error(
      `${refused} Please check Realtime is enabled for the given connect parameters: [${described}]`,
    );
  }
}

/** A change as `realtime.apply_rls` reads it. An update that keeps its key is sent without the old one. */
function describe(change: Change, committedAt: Date): Record<string, unknown> {
  const { action, relation } = change;
  const identity = change.action === "I"
    ? []
    : change.action === "D"
    ? fields(change.old)
    : fields(change.old ?? keyOf(change.row, relation));
  return {
    action,
    schema: relation.schema,
    table: relation.table,
    timestamp: committedAt.toISOString(),
    columns: change.action === "D" ? [] : fields(change.row),
    identity,
  };
}

function keyOf(row: Row, { columns }: Relation): Row {
  return Object.fromEntries(
    columns.filter(({ isKey }) => isKey).map(({ name }) => [name, row[name] ?? null]),
  );
}

function fields(row: Row): { name: string; value: string | null }[] {
  return Object.entries(row).map(([name, value]) => ({ name, value }));
}
