import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../types/database.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { codeOf, latestMessage } from "../support/inbox.ts";
import {
  addOpenkjKey,
  addVenue,
  expectData,
  type Host,
  newClient,
  openkj,
  type Person,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";

type Venue = Awaited<ReturnType<typeof addVenue>>;

let host: Host;
let stranger: Host;
let venue: Venue;
let guest: Person;

const waterloo = { p_artist: "ABBA", p_title: "Waterloo", p_singer_names: ["Gus"] };

beforeAll(async () => {
  await forgetRateLimits();
  [host, stranger] = await Promise.all([signUpHost("queue"), signUpHost("stranger")]);
  const key = await addOpenkjKey(host);
  await openkj({ command: "clearDatabase", api_key: key, system_id: 1 });
  const songs = [
    { artist: "ABBA", title: "Waterloo" },
    { artist: "Queen", title: "Somebody to Love" },
    { artist: "Beyoncé", title: "Halo" },
  ];
  await openkj({ command: "addSongs", api_key: key, system_id: 1, songs });
});
beforeEach(async () => {
  await forgetRateLimits();
  venue = await addVenue(host);
  guest = await signInGuest();
});
afterAll(() => database.end());

async function setRules(values: Database["public"]["Tables"]["venue_rules"]["Update"]): Promise<void> {
  expectData(await host.client.from("venue_rules").update(values).eq("venue_id", venue.id).select().single());
}

describe("asking for a song", () => {
  test("keeps the host's spelling and starts as pending", async () => {
    const request = expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: "beyonce",
        p_title: "HALO",
        p_singer_names: ["  Ann ", "Ben"],
        p_key_change: -2,
        p_notes: " slow ",
      }),
    );
    expect(request).toMatchObject({
      artist: "Beyoncé",
      title: "Halo",
      singer_name: "Ann & Ben",
      key_change: -2,
      notes: "slow",
      state: "pending",
      processed: false,
      singer_user_id: guest.userId,
    });
  });

  test.each([
    ["an empty title", { p_title: " " }, 400, "song_missing"],
    ["a title of 10,000 characters", { p_title: "x".repeat(10_000) }, 400, "invalid_title"],
    ["key change 13", { p_key_change: 13 }, 400, "invalid_key_change"],
    ["no singer", { p_singer_names: [] }, 400, "invalid_singer_names"],
    ["five singers", { p_singer_names: ["a", "b", "c", "d", "e"] }, 400, "invalid_singer_names"],
    ["an unknown song", { p_title: "No Such Song" }, 422, "song_not_in_book"],
    ["an unknown venue", { p_venue_id: randomUUID() }, 404, "venue_not_found"],
    ["a foreign song id", { p_song_id: 2_000_000_000 }, 404, "song_not_found"],
  ])("%s is refused and changes nothing", async (_, values, status, message) => {
    const answer = await guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo, ...values });
    expect([answer.status, answer.error?.message]).toEqual([status, message]);
    expect(answer.error?.details).not.toBe("");
    expect(expectData(await host.client.from("requests").select("id").eq("venue_id", venue.id))).toEqual([]);
  });

  test("without signing in it is refused", async () => {
    const answer = await newClient().rpc("submit_request", { p_venue_id: venue.id, ...waterloo });
    expect(answer.status).toBe(401);
  });

  test("the same idempotency key asks once, also twenty times at once", async () => {
    const p_idempotency_key = randomUUID();
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        () => guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo, p_idempotency_key }),
      ),
    );
    const ids = answers.filter(({ error }) => error === null).map(({ data }) => data?.id);
    expect(new Set(ids).size).toBe(1);
    expect(expectData(await guest.client.from("requests").select("id"))).toHaveLength(1);
  });

  test("an idempotency key sent with two songs at once asks for one of them and refuses the other", async () => {
    const p_idempotency_key = randomUUID();
    const submit = (p_title: string) =>
      guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        ...waterloo,
        p_artist: p_title === "Halo" ? "Beyoncé" : waterloo.p_artist,
        p_title,
        p_idempotency_key,
      });
    const titles = Array.from({ length: 10 }, (_, number) => number % 2 === 0 ? "Waterloo" : "Halo");
    const answers = await Promise.all(titles.map(submit));
    const [request] = expectData(await guest.client.from("requests").select("id, title"));
    for (const [number, { status, data, error }] of answers.entries()) {
      if (titles[number] === request?.title) expect([status, data?.id]).toEqual([200, request?.id]);
      else expect([status, error?.message]).toEqual([409, "idempotency_key_reused"]);
    }
    expect(expectData(await guest.client.from("requests").select("id"))).toHaveLength(1);
    expect((await submit(request!.title)).data?.id).toBe(request?.id);
  });

  test("without a key, twenty taps at once are one request as well", async () => {
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        () => guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo }),
      ),
    );
    const ids = answers.filter(({ error }) => error === null).map(({ data }) => data?.id);
    expect(new Set(ids).size).toBe(1);
    expect(expectData(await guest.client.from("requests").select("id"))).toHaveLength(1);
  });

  test("a guest may ask ten times an hour, then learns how long to wait", async () => {
    const submit = () =>
      guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        ...waterloo,
        p_idempotency_key: randomUUID(),
      });
    for (let number = 0; number < 10; number++) expectData(await submit());
    const { status, error } = await submit();
    expect([status, error?.message]).toEqual([429, "rate_limited"]);
    expect(Number(/retry_after=(\d+)/.exec(error?.hint ?? "")?.[1])).toBeGreaterThan(3500);
  });

  test("a guest who signs up keeps the requests", async () => {
    const request = expectData(
      await guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo }),
    );
    const email = `keeper-${randomUUID()}@example.com`;
    expectData(await guest.client.auth.updateUser({ email }));
    const token = codeOf(await latestMessage(email));
    expectData(await guest.client.auth.verifyOtp({ email, token, type: "email_change" }));
    expect(expectData(await guest.client.from("requests").select("id"))).toEqual([{ id: request.id }]);
  });
});

describe("a venue's rules", () => {
  test.each([
    ["guests_allowed", { guests_allowed: false }, {}, 403, "guests_not_allowed"],
    ["key_change_allowed", { key_change_allowed: false }, { p_key_change: 1 }, 422, "key_change_not_allowed"],
    ["notes_allowed", { notes_allowed: false }, { p_notes: "hi" }, 422, "notes_not_allowed"],
    ["last_initial_required", { last_initial_required: true }, {}, 422, "last_initial_required"],
  ])("%s", async (_, rules, values, status, message) => {
    const submit = () => guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo, ...values });
    await setRules(rules);
    const refused = await submit();
    expect([refused.status, refused.error?.message]).toEqual([status, message]);
    await setRules(Object.fromEntries(Object.entries(rules).map(([name, value]) => [name, !value])));
    expectData(await submit());
  });

  test("at most so many active requests, a pause between two, and each song once", async () => {
    const submit = (p_artist: string, p_title: string) =>
      guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist,
        p_title,
        p_singer_names: ["Gus"],
      });
    await setRules({ max_active_requests: 1 });
    const first = expectData(await submit("ABBA", "Waterloo"));
    expect((await submit("Beyoncé", "Halo")).error?.message).toBe("too_many_active_requests");
    expectData(await guest.client.rpc("cancel_request", { p_request_id: first.id }));
    expectData(await submit("ABBA", "Waterloo"));

    await setRules({ max_active_requests: null, cooldown_minutes: 30 });
    const cooling = (await submit("Beyoncé", "Halo")).error;
    expect(cooling?.message).toBe("cooldown");
    expect(cooling?.hint).toMatch(/at \d{4}-\d\d-\d\dT/);
    expect(Number(/retry_after=(\d+)/.exec(cooling?.hint ?? "")?.[1])).toBeGreaterThan(1700);

    await setRules({ cooldown_minutes: null, same_song: "not_while_active" });
    expect((await submit("Abba", "waterloo")).error?.message).toBe("same_song");
    expectData(await submit("Beyoncé", "Halo"));
  });

  test("twenty requests at once of one singer never pass a limit of three", async () => {
    await setRules({ max_active_requests: 3 });
    await Promise.all(
      Array.from(
        { length: 20 },
        () =>
          guest.client.rpc("submit_request", {
            p_venue_id: venue.id,
            ...waterloo,
            p_idempotency_key: randomUUID(),
          }),
      ),
    );
    expect(expectData(await guest.client.from("requests").select("id"))).toHaveLength(3);
  });

  test("a PIN guards book, queue and asking; wrong ones run out", async () => {
    const set = await host.client.rpc("set_show_pin", { p_venue_id: venue.id, p_pin: "4711" });
    expect(set.error).toBeNull();
    const calls = () => [
      guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo }),
      guest.client.rpc("search_songs", { p_venue_id: venue.id, p_query: "abba" }),
      guest.client.rpc("public_queue", { p_venue_id: venue.id }),
    ];
    for (const { error } of await Promise.all(calls())) expect(error?.message).toBe("pin_required");
    const enter = (p_pin: string) => guest.client.rpc("enter_show", { p_venue_id: venue.id, p_pin });
    expect((await enter("0000")).data).toBe(false);
    expect((await enter("4711")).data).toBe(true);
    for (const { error } of await Promise.all(calls())) expect(error).toBeNull();

    const another = await signInGuest();
    for (let attempt = 0; attempt < 5; attempt++) {
      expect((await another.client.rpc("enter_show", { p_venue_id: venue.id, p_pin: "1111" })).data).toBe(
        false,
      );
    }
    const exhausted = await another.client.rpc("enter_show", { p_venue_id: venue.id, p_pin: "4711" });
    expect(exhausted.status).toBe(429);
  });

  test("a banned singer and a blocked song are refused until it is lifted", async () => {
    const request = expectData(
      await guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo }),
    );
    const ban = expectData(
      await host.client.rpc("ban_singer", { p_request_id: request.id, p_reason: "Threw a chair" }),
    );
    const refused = await guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo });
    expect([refused.status, refused.error?.message]).toEqual([403, "banned"]);
    expect((await guest.client.from("venue_bans").select("*")).data).toEqual([]);
    expectData(await host.client.from("venue_bans").delete().eq("id", ban).select().single());

    expect(
      (await host.client.rpc("block_song", { p_venue_id: venue.id, p_song_id: request.song_id ?? 0 })).error,
    ).toBeNull();
    expect((await guest.client.rpc("submit_request", { p_venue_id: venue.id, ...waterloo })).error?.message)
      .toBe("song_blocked");
  });
});

describe("the queue", () => {
  async function submit(person: Person, title: string, artist: string) {
    return expectData(
      await person.client.rpc("submit_request", {
        p_venue_id: venue.id,
        p_artist: artist,
        p_title: title,
        p_singer_names: [person.userId.slice(0, 8)],
      }),
    );
  }
  const order = async (): Promise<number[]> =>
    expectData(await guest.client.rpc("public_queue", { p_venue_id: venue.id })).map(({ request_id }) =>
      request_id
    );

  test("rotation gives everybody a turn before anybody's second, fifo does not", async () => {
    const late = await signInGuest();
    const first = await submit(guest, "Waterloo", "ABBA");
    const second = await submit(guest, "Halo", "Beyoncé");
    const other = await submit(late, "Somebody to Love", "Queen");
    expect(await order()).toEqual([first.id, second.id, other.id]);
    await setRules({ queue_order: "rotation" });
    expect(await order()).toEqual([first.id, other.id, second.id]);
  });

  test("a queue ordered by hand obeys the host, and only the host", async () => {
    const first = await submit(guest, "Waterloo", "ABBA");
    const second = await submit(guest, "Halo", "Beyoncé");
    const third = await submit(guest, "Somebody to Love", "Queen");
    const move = { p_request_id: third.id, p_before_request_id: first.id };
    expect((await host.client.rpc("move_request", move)).error?.message).toBe("queue_not_manual");
    await setRules({ queue_order: "manual" });
    expect((await stranger.client.rpc("move_request", move)).error?.message).toBe("request_not_found");
    expect((await host.client.rpc("move_request", move)).error).toBeNull();
    expect(await order()).toEqual([third.id, first.id, second.id]);
    expect((await host.client.rpc("move_request", { p_request_id: first.id })).error).toBeNull();
    expect(await order()).toEqual([third.id, second.id, first.id]);
  });

  test("the host's steps, each told to the singer; what is not allowed is refused", async () => {
    const request = await submit(guest, "Waterloo", "ABBA");
    const set = (p_state: string, p_reason?: string) =>
      host.client.rpc("set_request_state", {
        p_request_id: request.id,
        p_state,
        ...(p_reason ? { p_reason } : {}),
      });
    expect(expectData(await set("accepted")).state).toBe("accepted");
    expect(expectData(await set("performing")).show_id).not.toBeNull();
    expect((await set("rejected")).error?.message).toBe("transition_not_allowed");
    expect(expectData(await set("skipped", "Not in the room"))).toMatchObject({ reason: "Not in the room" });
    const kinds = expectData(await guest.client.from("notifications").select("kind, data").order("id"));
    expect(kinds.map(({ kind }) => kind)).toEqual(["request_accepted", "request_next_up", "request_skipped"]);
    expect(kinds[2]?.data).toMatchObject({ reason: "Not in the room", title: "Waterloo" });
    const events = expectData(
      await guest.client.from("request_events").select("from_state, to_state").order("id"),
    );
    expect(events.map(({ to_state }) => to_state)).toEqual(["pending", "accepted", "performing", "skipped"]);
    expect((await set("nonsense")).error?.message).toBe("invalid_state");
  });

  test("mail and texts follow the singer's preferences", async () => {
    const singer = await signUp("mailed");
    expectData(
      await singer.client.from("message_preferences")
        .insert({ user_id: singer.userId, category: "queue", channel: "email", is_enabled: true }).select(),
    );
    const request = await submit(singer, "Halo", "Beyoncé");
    expectData(
      await host.client.rpc("set_request_state", {
        p_request_id: request.id,
        p_state: "rejected",
        p_reason: "<b>Too loud</b>",
      }),
    );
    const message = await latestMessage(singer.email, "request_rejected");
    expect(message.body_html).toContain("&lt;b&gt;Too loud&lt;/b&gt;");
  });

  test("bulk processing is all or nothing, counts duplicates once and names what is not there", async () => {
    const first = await submit(guest, "Waterloo", "ABBA");
    const second = await submit(guest, "Halo", "Beyoncé");
    const missing = await host.client.rpc("process_requests", { p_request_ids: [first.id, 999_999_999] });
    expect([missing.status, missing.error?.message]).toEqual([404, "request_not_found"]);
    expect(missing.error?.details).toContain("999999999");
    expect(
      expectData(
        await host.client.rpc("process_requests", { p_request_ids: [first.id, second.id, first.id] }),
      ),
    ).toBe(2);
    const sung = expectData(
      await host.client.from("performances").select("request_id").eq("venue_id", venue.id),
    );
    expect(sung).toHaveLength(2);
    expect(
      expectData(
        await host.client.rpc("process_requests", { p_request_ids: [first.id], p_processed: false }),
      ),
    ).toBe(1);
    expect(expectData(await host.client.from("performances").select("request_id").eq("venue_id", venue.id)))
      .toHaveLength(1);
  });

  test("a changed key gives OpenKJ a new number; a cancelled request cannot change", async () => {
    const request = await submit(guest, "Waterloo", "ABBA");
    const edited = expectData(
      await guest.client.rpc("edit_request", { p_request_id: request.id, p_key_change: 3 }),
    );
    expect(edited.key_change).toBe(3);
    expect(edited.openkj_request_id).toBeGreaterThan(request.openkj_request_id);
    const noted = expectData(
      await guest.client.rpc("edit_request", { p_request_id: request.id, p_notes: "loud" }),
    );
    expect(noted).toMatchObject({
      key_change: 3,
      notes: "loud",
      openkj_request_id: edited.openkj_request_id,
    });
    expect(
      (await (await signInGuest()).client.rpc("cancel_request", { p_request_id: request.id })).error?.message,
    )
      .toBe("request_not_found");
    expectData(await guest.client.rpc("cancel_request", { p_request_id: request.id }));
    expect(
      (await guest.client.rpc("edit_request", { p_request_id: request.id, p_key_change: 1 })).error?.message,
    )
      .toBe("request_not_pending");
  });

  test("the public queue shows first names, whole names or nothing, as the venue says", async () => {
    expectData(
      await guest.client.rpc("submit_request", {
        p_venue_id: venue.id,
        ...waterloo,
        p_singer_names: ["Gus Guest", "Ann Arbor"],
      }),
    );
    const names = async () =>
      (await guest.client.rpc("public_queue", { p_venue_id: venue.id })).data?.map(({ singer_name }) =>
        singer_name
      );
    expect(await names()).toEqual(["Gus & Ann"]);
    await setRules({ queue_visibility: "full" });
    expect(await names()).toEqual(["Gus Guest & Ann Arbor"]);
    await setRules({ queue_visibility: "none" });
    expect((await guest.client.rpc("public_queue", { p_venue_id: venue.id })).error?.message).toBe(
      "queue_not_public",
    );
  });

  test("statistics count guests, fill days and hours, and are the tenant's own", async () => {
    const request = await submit(guest, "Waterloo", "ABBA");
    expectData(await host.client.rpc("process_requests", { p_request_ids: [request.id] }));
    const statistics = expectData(await host.client.rpc("venue_statistics", { p_venue_id: venue.id }));
    expect(statistics).toMatchObject({
      total_requests: 1,
      processed_requests: 1,
      unique_singers: 0,
      unique_guests: 1,
      top_songs: [{ artist: "ABBA", title: "Waterloo", requests: 1 }],
    });
    expect((statistics as { requests_by_hour: unknown[] }).requests_by_hour).toHaveLength(24);
    const foreign = await stranger.client.rpc("venue_statistics", { p_venue_id: venue.id });
    expect([foreign.status, foreign.error?.message]).toEqual([404, "venue_not_found"]);
  });

  test("a venue's requests are exported page by page, newest first, to its own people", async () => {
    await setRules({ free_text_allowed: true });
    for (const title of ["One", "Two", "Three"]) await submit(guest, title, "ABBA");
    type Page = { requests: { title: string }[]; next_after: number | null };
    const exported = async (values: { p_after?: number } = {}) =>
      expectData(
        await host.client.rpc("export_venue", { p_venue_id: venue.id, p_limit: 2, ...values }),
      ) as unknown as Page;
    const first = await exported();
    expect(first.requests.map(({ title }) => title)).toEqual(["Three", "Two"]);
    const second = await exported({ p_after: first.next_after ?? 0 });
    expect([second.requests.map(({ title }) => title), second.next_after]).toEqual([["One"], null]);
    const foreign = await stranger.client.rpc("export_venue", { p_venue_id: venue.id });
    expect([foreign.status, foreign.error?.message]).toEqual([404, "venue_not_found"]);
  });
});

test(
  "100 guests ask 500 times at once: order, turns, numbers and serial are exactly right",
  { timeout: 120_000 },
  async () => {
    const key = await addOpenkjKey(host);
    await setRules({ max_requests_per_hour: 10_000 });
    await database`update private.rate_limits set maximum = 100000 where key = 'requests_per_address'`;
    try {
      const guests = await Promise.all(Array.from({ length: 100 }, signInGuest));
      const before = await openkj({ command: "getSerial", api_key: key });
      /** A busy server may send somebody away; the same key makes coming back harmless. */
      const ask = async (person: Person) => {
        const p_idempotency_key = randomUUID();
        for (let attempt = 0;; attempt++) {
          const { data, error, status } = await person.client.rpc("submit_request", {
            p_venue_id: venue.id,
            ...waterloo,
            p_idempotency_key,
          });
          if (!error) return data.id;
          if (attempt === 20 || ![0, 503, 504].includes(status)) throw new Error(JSON.stringify(error));
        }
      };
      const ids = await Promise.all(
        guests.flatMap((person) => Array.from({ length: 5 }, () => ask(person))),
      );
      expect(new Set(ids).size).toBe(500);
      const rows = await database<{ id: string; openkj_request_id: number }[]>`
      select id, openkj_request_id from public.requests where venue_id = ${venue.id} order by openkj_request_id`;
      expect(rows).toHaveLength(500);
      const first = rows[0]?.openkj_request_id ?? 0;
      expect(rows.map(({ openkj_request_id }) => openkj_request_id - first)).toEqual(
        Array.from({ length: 500 }, (_, n) => n),
      );
      const after = await openkj({ command: "getSerial", api_key: key });
      expect(Number(after["serial"]) - Number(before["serial"])).toBe(500);
      const listed = await openkj({ command: "getRequests", api_key: key, venue_id: venue.openkj_venue_id });
      expect(listed["requests"]).toHaveLength(500);

      const inOrder = () =>
        database<{ number: number; singer: string; place: number }[]>`
          select request.openkj_request_id as number, request.singer_user_id as singer, queue.place
          from private.queue(${venue.id}) as queue join public.requests as request on request.id = queue.request_id
          order by queue.place`;
      expect((await inOrder()).map(({ number }) => number)).toEqual(
        rows.map(({ openkj_request_id }) => openkj_request_id),
      );
      await setRules({ queue_order: "rotation" });
      const rounds = await inOrder();
      for (let round = 0; round < 5; round++) {
        const singers = rounds.slice(round * 100, round * 100 + 100).map(({ singer }) => singer);
        expect(new Set(singers).size, `round ${round + 1} has everybody once`).toBe(100);
        expect(singers, "in the same order each time").toEqual(
          rounds.slice(0, 100).map(({ singer }) => singer),
        );
      }
    } finally {
      await database`update private.rate_limits set maximum = 60 where key = 'requests_per_address'`;
    }
  },
);
