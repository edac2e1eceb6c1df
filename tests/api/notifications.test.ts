import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { database } from "../support/database.ts";
import { expectData, type Person, signInGuest } from "../support/people.ts";

let person: Person;
let stranger: Person;

const notify = (userId: string, number: number) =>
  database`
    select private.notify_user(
      ${userId}, 'news', 'announcement', ${
    database.json({ title: `News ${number}`, text: "Hello" })
  }, ${randomUUID()})`;

beforeAll(async () => {
  [person, stranger] = await Promise.all([signInGuest(), signInGuest()]);
});
afterAll(() => database.end());

test("notifications are counted, read page by page and marked, one or all", async () => {
  for (let number = 1; number <= 5; number++) await notify(person.userId, number);
  const { client } = person;
  const unread = async (of = client) => {
    const { count } = await of.from("notifications").select("id", { count: "exact", head: true }).is(
      "read_at",
      null,
    );
    return count;
  };
  expect([await unread(), await unread(stranger.client)]).toEqual([5, 0]);

  const page = (before: number) =>
    client.from("notifications").select("id, data").lt("id", before).order("id", { ascending: false }).limit(
      2,
    );
  const titles: unknown[] = [];
  for (let last = Number.MAX_SAFE_INTEGER;;) {
    const rows = expectData(await page(last));
    if (rows.length === 0) break;
    titles.push(...rows.map(({ data }) => (data as { title: string }).title));
    last = rows.at(-1)?.id ?? 0;
  }
  expect(titles).toEqual(["News 5", "News 4", "News 3", "News 2", "News 1"]);

  const [first] = expectData(await client.from("notifications").select("id").order("id").limit(1));
  const now = new Date().toISOString();
  await client.from("notifications").update({ read_at: now }).eq("id", first?.id ?? 0);
  expect(await unread()).toBe(4);
  await stranger.client.from("notifications").update({ read_at: now }).is("read_at", null);
  expect(await unread()).toBe(4);
  await client.from("notifications").update({ read_at: now }).is("read_at", null);
  expect(await unread()).toBe(0);
});

test("a notification is heard at once, without what it says", async () => {
  await person.client.realtime.setAuth();
  const channel = person.client.channel(`user:${person.userId}:notifications`, { config: { private: true } });
  const heard = new Promise<Record<string, unknown>>((resolve) => {
    channel.on("broadcast", { event: "notification_created" }, ({ payload }) => resolve(payload));
  });
  await new Promise<void>((resolve, reject) => {
    channel.subscribe((status, error) => {
      if (status === "SUBSCRIBED") resolve();
      else if (status !== "CLOSED") reject(error ?? new Error(status));
    });
  });
  await notify(person.userId, 6);
  const payload = await heard;
  expect(payload).toMatchObject({ category: "news", kind: "announcement" });
  expect(JSON.stringify(payload)).not.toContain("News 6");
  const [row] = expectData(
    await person.client.from("notifications").select("data").eq("id", payload["notification_id"] as number),
  );
  expect(row?.data).toEqual({ title: "News 6", text: "Hello" });
  await person.client.removeAllChannels();
});

test("preferences list every category, and an upsert changes one", async () => {
  const { client, userId } = person;
  const before = expectData(await client.rpc("list_message_preferences"));
  expect(before.find(({ category, channel }) => category === "news" && channel === "email")).toMatchObject({
    is_enabled: false,
    is_optional: true,
  });
  const preference = { user_id: userId, category: "news", channel: "email", is_enabled: true };
  expect((await client.from("message_preferences").upsert(preference)).error).toBeNull();
  const after = expectData(await client.rpc("list_message_preferences"));
  expect(after.filter(({ is_enabled }, index) => is_enabled !== before[index]?.is_enabled)).toMatchObject([
    { category: "news", channel: "email", is_enabled: true },
  ]);
  const { error, status } = await client.from("message_preferences").upsert({
    ...preference,
    category: "security",
  });
  expect([status, error?.code]).toEqual([400, "23514"]);
});
