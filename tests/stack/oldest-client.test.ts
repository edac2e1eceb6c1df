// The first supabase-js 2 with its parts of that day: apps in people's pockets are not updated.
import { randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "supabase-js-oldest";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { codeOf, latestMessage } from "../support/inbox.ts";
import { newAddress, newClient, password } from "../support/people.ts";

const email = newAddress("oldest");
const schema = `test_oldest_${randomUUID().slice(0, 8)}`;
const bucket = `oldest-${randomUUID()}`;
const service = newClient(environment.secretKey);
let app: SupabaseClient;

/** Listens as today's clients do; that client's types do not know all it could already do. */
function listen(
  channel: unknown,
  kind: string,
  filter: Record<string, unknown>,
  heard: (message: never) => void,
): void {
  (channel as { on(kind: string, filter: unknown, heard: unknown): void }).on(kind, filter, heard);
}

/** The client itself sends ten messages a second at most, and says so instead of waiting. */
async function inTime(send: () => Promise<string>): Promise<void> {
  await vi.waitFor(async () => expect(await send()).toBe("ok"), { timeout: 10_000 });
}

function newApp(key = environment.anonKey): SupabaseClient {
  return createClient(environment.apiUrl, key, { auth: { persistSession: false, autoRefreshToken: false } });
}

beforeAll(async () => {
  app = newApp();
  await database.unsafe(`
    create schema ${schema};
    grant usage on schema ${schema} to anon, authenticated, service_role;
    create table ${schema}.notes (id integer primary key, owner uuid, body text);
    alter table ${schema}.notes enable row level security;
    create policy "owners read" on ${schema}.notes for select to authenticated using (owner = (select auth.uid()));
    grant select on ${schema}.notes to authenticated;
    alter publication supabase_realtime add table ${schema}.notes;`);
  await service.storage.createBucket(bucket, { public: true });
});

afterAll(async () => {
  app.removeAllChannels();
  await database.unsafe(`drop schema ${schema} cascade`);
  await service.storage.emptyBucket(bucket);
  await service.storage.deleteBucket(bucket);
});

describe("accounts", () => {
  test("are made and confirmed", async () => {
    const signUp = await app.auth.signUp({ email, password });
    expect([signUp.error, signUp.data.session]).toEqual([null, null]);
    expect(signUp.data.user).toMatchObject({ email, identities: [{ provider: "email" }] });
    const early = await app.auth.signInWithPassword({ email, password });
    expect(early.error).toMatchObject({ message: "Email not confirmed", status: 400 });
    const token = codeOf(await latestMessage(email, "auth_signup"));
    const { data, error } = await app.auth.verifyOtp({ email, token, type: "signup" });
    expect([error, data.user?.email]).toEqual([null, email]);
  });

  test("sign in, and are told why not", async () => {
    const wrong = await app.auth.signInWithPassword({ email, password: "wrong" });
    expect(wrong.error).toMatchObject({ message: "Invalid login credentials", status: 400 });
    const { data, error } = await app.auth.signInWithPassword({ email, password });
    expect([error, data.session?.token_type, data.user?.email]).toEqual([null, "bearer", email]);
  });

  test("refresh, when the access token has ended", async () => {
    const { data: { session } } = await app.auth.getSession();
    const [header, , signature] = (session?.access_token ?? "").split(".");
    const ended = [header, Buffer.from('{"exp":1}').toString("base64url"), signature].join(".");
    const old = { access_token: ended, refresh_token: session?.refresh_token ?? "" };
    const { data, error } = await app.auth.setSession(old);
    expect(error).toBe(null);
    expect(data.session?.refresh_token).not.toBe(session?.refresh_token);
    expect((await app.auth.getUser()).data.user?.email).toBe(email);
  });

  test("change what they say of themselves", async () => {
    const { data, error } = await app.auth.updateUser({ data: { nickname: "Ada" } });
    expect([error, data.user?.user_metadata.nickname]).toEqual([null, "Ada"]);
    const weak = await app.auth.updateUser({ password: "weak" });
    expect(weak.error).toMatchObject({
      status: 422,
      message: expect.stringContaining("at least 8 characters"),
    });
  });

  test("are managed by an administrator", async () => {
    const { admin } = newApp(environment.serviceRoleKey).auth;
    const created = await admin.createUser({ email: newAddress("oldest"), password, email_confirm: true });
    expect(created.error).toBe(null);
    const id = created.data.user?.id ?? "";
    expect((await admin.getUserById(id)).data.user?.id).toBe(id);
    expect((await admin.listUsers()).data.users.length).toBeGreaterThan(0);
    expect((await admin.deleteUser(id)).error).toBe(null);
    expect((await admin.getUserById(id)).error).toMatchObject({ status: 404 });
  });
});

test("tables and functions are read as the user who is signed in", async () => {
  const { data: { user } } = await app.auth.getUser();
  const profiles = await app.from("singer_profiles").select("*");
  expect([profiles.error, profiles.status]).toEqual([null, 200]);
  const [profile] = profiles.data ?? [];
  if (profile !== undefined) expect(Object.values(profile)).toContain(user?.id);
  const venues = await app.rpc("nearby_venues", { p_latitude: 36.16, p_longitude: -86.78 });
  expect([venues.error, Array.isArray(venues.data)]).toEqual([null, true]);
  const missing = await app.from("no_such_table").select("*");
  expect([missing.status, missing.error?.code]).toEqual([404, "42P01"]);
});

describe("channels", () => {
  test("carry messages and who is there, in the protocol of that day", async () => {
    const topic = `oldest-${randomUUID()}`;
    const [sender, listener] = [newApp().channel(topic), app.channel(topic)];
    const heard: unknown[] = [];
    listen(
      listener,
      "broadcast",
      { event: "hello" },
      ({ payload }: { payload: unknown }) => heard.push(payload),
    );
    listen(listener, "presence", { event: "sync" }, () => {});
    for (const channel of [listener, sender]) {
      const status = await new Promise((resolve) => channel.subscribe(resolve));
      expect(status).toBe("SUBSCRIBED");
    }
    // Today's server shows who is there only to those who ask for it, which that client cannot, or who are there themselves.
    const names = () =>
      (Object.values(listener.presenceState()).flat() as { name?: string }[]).map(({ name }) => name).sort();
    await inTime(() => listener.track({ name: "Bob" }));
    await inTime(() => sender.track({ name: "Ada" }));
    await inTime(() => sender.send({ type: "broadcast", event: "hello", payload: { text: "hi" } }));
    await vi.waitFor(() => expect(heard).toEqual([{ text: "hi" }]), { timeout: 10_000 });
    await vi.waitFor(() => expect(names()).toEqual(["Ada", "Bob"]), { timeout: 10_000 });
    await sender.unsubscribe();
    await vi.waitFor(() => expect(names()).toEqual(["Bob"]), { timeout: 10_000 });
    sender.socket.disconnect();
  });

  test("tell of the rows that the user may see, and of no other", async () => {
    const changes: { new: unknown }[] = [];
    const answers: { status: string }[] = [];
    const channel = app.channel(`oldest-${randomUUID()}`);
    const filter = { event: "INSERT", schema, table: "notes" };
    listen(channel, "postgres_changes", filter, (change: { new: unknown }) => changes.push(change));
    listen(channel, "system", {}, (answer: { status: string }) => answers.push(answer));
    expect(await new Promise((resolve) => channel.subscribe(resolve))).toBe("SUBSCRIBED");
    await vi.waitFor(() => expect(answers).toMatchObject([{ status: "ok" }]), { timeout: 10_000 });
    const { data: { user } } = await app.auth.getUser();
    const mine = user?.id ?? "";
    await database.unsafe(`
      insert into ${schema}.notes values (1, '${randomUUID()}', 'theirs'), (2, '${mine}', 'mine')`);
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(0), { timeout: 10_000 });
    expect(changes.map((change) => change.new)).toEqual([{ id: 2, owner: mine, body: "mine" }]);
  });
});

test("files are kept, listed, read and removed", async () => {
  const { storage } = newApp(environment.serviceRoleKey);
  const files = storage.from(bucket);
  const content = new Blob(["hello"], { type: "text/plain" });
  expect((await files.upload("folder/hello.txt", content)).error).toBe(null);
  expect((await files.upload("folder/hello.txt", content)).error).toMatchObject({ error: "Duplicate" });
  expect((await files.list("folder")).data).toMatchObject([{ name: "hello.txt" }]);
  expect(await (await files.download("folder/hello.txt")).data?.text()).toBe("hello");
  const { data: { publicUrl } } = files.getPublicUrl("folder/hello.txt");
  expect(await (await fetch(publicUrl)).text()).toBe("hello");
  const { data } = await files.createSignedUrl("folder/hello.txt", 60);
  expect(await (await fetch(data?.signedUrl ?? "")).text()).toBe("hello");
  expect((await files.remove(["folder/hello.txt"])).error).toBe(null);
  expect((await files.download("folder/hello.txt")).error).not.toBe(null);
});

test("signing out ends the session", async () => {
  const { data: { session } } = await app.auth.getSession();
  expect((await app.auth.signOut()).error).toBe(null);
  const { data, error } = await newApp().auth.getUser(session?.access_token);
  expect([data.user, error]).toEqual([null, expect.objectContaining({ status: 403 })]);
});
