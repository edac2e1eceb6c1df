import { afterAll, beforeAll, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { randomNumbers } from "../bench/bench.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { follow, requestsIn } from "../support/live.ts";
import {
  addOpenkjKey,
  addVenue,
  expectData,
  type Host,
  openkj,
  type Person,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";

let host: Host;
let staff: Person;
let guests: Person[];
let venueId: string;

beforeAll(async () => {
  await forgetRateLimits();
  [host, staff, ...guests] = await Promise.all([
    signUpHost("races"),
    signUp("staff"),
    signInGuest(),
    signInGuest(),
    signInGuest(),
  ]);
  venueId = (await addVenue(host)).id;
  await database`
    insert into public.organization_members (organization_id, user_id, role_key)
    values (${host.organizationId}, ${staff.userId}, 'manager')`;
  const rules = { free_text_allowed: true, queue_order: "manual", max_requests_per_hour: 10_000 };
  expectData(await host.client.from("venue_rules").update(rules).eq("venue_id", venueId).select().single());
});
afterAll(async () => {
  for (const { client } of [host, staff, ...guests]) client.realtime.disconnect();
  await database.end();
});

const ask = async (person: Person, title: string) =>
  expectData(
    await person.client.rpc("submit_request", {
      p_venue_id: venueId,
      p_artist: "Racers",
      p_title: title,
      p_singer_names: ["Gus"],
      p_idempotency_key: crypto.randomUUID(),
    }),
  );

test("two hosts take the same request at once: it is taken once, and both are told so", async () => {
  const request = await ask(guests[0]!, "Taken twice");
  const take = (person: Person) =>
    person.client.rpc("set_request_state", { p_request_id: request.id, p_state: "accepted" });
  const answers = await Promise.all([host, staff, host, staff].map(take));
  expect(answers.map(({ data }) => data?.state)).toEqual(Array(4).fill("accepted"));
  const events = expectData(
    await host.client.from("request_events").select("to_state").eq("request_id", request.id).order("id"),
  );
  expect(events.map(({ to_state }) => to_state)).toEqual(["pending", "accepted"]);
  const told = expectData(
    await guests[0]!.client.from("notifications").select("kind").eq("kind", "request_accepted"),
  );
  expect(told).toHaveLength(1);
});

test("a venue that is being archived is opened by nobody meanwhile", async () => {
  const key = await addOpenkjKey(host);
  const openers: ((venue: { id: string; openkj_venue_id: number }) => PromiseLike<unknown>)[] = [
    ({ id }) => host.client.rpc("set_accepting", { p_venue_id: id, p_accepting: true }),
    ({ id }) => host.client.from("venues").update({ accepting_requests: true }).eq("id", id),
    ({ openkj_venue_id: venue_id }) =>
      openkj({ command: "setAccepting", api_key: key, venue_id, system_id: 1, accepting: true }),
    ({ id }) =>
      fetch(`${environment.apiUrl}/functions/v1/requests/venues/${id}/accepting`, {
        method: "PUT",
        headers: { "x-api-key": key, "content-type": "application/json" },
        body: JSON.stringify({ accepting: true }),
      }),
  ];
  for (const open of openers) {
    const venue = await addVenue(host, { accepting_requests: false });
    let isAnswered = false;
    let opened: Promise<void> | undefined;
    await database.begin(async (transaction) => {
      const [archiver] = await transaction<{ pid: number }[]>`
        update public.venues set archived_at = now() where id = ${venue.id} returning pg_backend_pid() as pid`;
      opened = Promise.resolve(open(venue)).then(() => {
        isAnswered = true;
      });
      const isHeldUp = async () => {
        const [held] = await database`
          select from pg_stat_activity where ${archiver!.pid}::integer = any (pg_blocking_pids(pid)) limit 1`;
        return held !== undefined;
      };
      while (!isAnswered && !await isHeldUp()) await sleep(20);
      expect(isAnswered, String(open)).toBe(false);
    });
    await opened;
    const [left] = await database`select accepting_requests from public.venues where id = ${venue.id}`;
    expect(left, String(open)).toEqual({ accepting_requests: false });
  }
});

test("hosts and singers racing over one queue leave one history, and every change is heard once", {
  timeout: 120_000,
}, async () => {
  await forgetRateLimits();
  const heard = await follow(host.client, `venue:${venueId}:queue`);
  const owners = new Map<number, Person>();
  for (const [index, guest] of [...guests, ...guests].entries()) {
    owners.set((await ask(guest, `Song ${index}`)).id, guest);
  }
  const ids = [...owners.keys()];
  const random = randomNumbers(7);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const states = ["pending", "accepted", "performing", "completed", "skipped", "rejected"];
  const steps = [
    (desk: Person, id: number) =>
      desk.client.rpc("set_request_state", { p_request_id: id, p_state: pick(states) }),
    (desk: Person, id: number) =>
      desk.client.rpc("set_request_state", { p_request_id: id, p_state: pick(states) }),
    (desk: Person, id: number) => desk.client.rpc("undo_request", { p_request_id: id }),
    (desk: Person, id: number) =>
      desk.client.rpc("move_request", { p_request_id: id, p_before_request_id: pick(ids) }),
    (desk: Person, id: number) =>
      desk.client.rpc("process_requests", { p_request_ids: [id, pick(ids)], p_processed: random() < 0.5 }),
    (desk: Person, id: number) =>
      desk.client.rpc("update_request", {
        p_request_id: id,
        p_key_change: Math.floor(random() * 25) - 12,
      }),
    (desk: Person, id: number) => desk.client.rpc("skip_singer", { p_request_id: id }),
    (desk: Person) => desk.client.rpc("clear_queue", { p_venue_id: venueId }),
    (_: Person, id: number) => owners.get(id)!.client.rpc("make_next", { p_request_id: id }),
    (_: Person, id: number) =>
      owners.get(id)!.client.rpc("edit_request", { p_request_id: id, p_key_change: pick([-1, 0, 1]) }),
  ];
  for (let round = 0; round < 25; round++) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => pick(steps)(pick([host, staff]), pick(ids))),
    );
    for (const { error, status } of answers) {
      // Whoever was too late is told so; nobody runs into a deadlock or an error of the server.
      if (error) expect([404, 409], JSON.stringify(error)).toContain(status);
    }
  }

  const rows = await database<
    { id: number; state: string; version: number; sung: number; steps: [string | null, string][] }[]
  >`
    select
      request.id::integer, request.state, request.version,
      (select count(*)::integer from public.performances as sung where sung.request_id = request.id) as sung,
      (
        select jsonb_agg(jsonb_build_array(event.from_state, event.to_state) order by event.id)
        from public.request_events as event where event.request_id = request.id
      ) as steps
    from public.requests as request where request.id = any (${ids})`;
  for (const row of rows) {
    for (const [index, [from]] of row.steps.entries()) {
      expect(from, JSON.stringify(row)).toBe(index === 0 ? null : row.steps[index - 1]![1]);
    }
    expect(row.steps.at(-1)![1]).toBe(row.state);
    expect(row.sung).toBe(row.state === "completed" ? 1 : 0);
  }

  const versions = () => {
    const found = new Map<number, number[]>(ids.map((id) => [id, []]));
    for (const { event, payload } of heard) {
      if (!event.startsWith("requests_")) continue;
      for (const { request_id, version } of requestsIn(payload)) found.get(request_id)?.push(version);
    }
    return found;
  };
  const wanted = rows.reduce((sum, { version }) => sum + version, 0);
  const count = () => [...versions().values()].reduce((sum, { length }) => sum + length, 0);
  for (let waited = 0; waited < 400 && count() < wanted; waited++) await sleep(50);
  for (const { id, version } of rows) {
    expect(versions().get(id)?.toSorted((a, b) => a - b), `request ${id}`).toEqual(
      Array.from({ length: version }, (_, index) => index + 1),
    );
  }
});

test("fifty guests ask for one song at once where each is sung once: one of them gets it", async () => {
  await forgetRateLimits();
  const bar = await addVenue(host);
  const rules = { free_text_allowed: true, same_song: "once_a_night" };
  expectData(await host.client.from("venue_rules").update(rules).eq("venue_id", bar.id).select().single());
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) =>
    database`
      select private.insert_request(
        ${bar.id}, null, null, array[${`Singer ${index}`}], null, 'ABBA', 'Waterloo', 0, null, null, false
      )`.then(() => "asked", (error: Error) => error.message)));
  expect(outcomes.filter((outcome) => outcome === "asked")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "same_song")).toHaveLength(49);
});
