import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import {
  expectData,
  type Host,
  newClient,
  type Person,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";
import {
  addSystem,
  finished,
  readImport,
  runImport,
  startImport,
  uploadFile,
} from "../support/song-books.ts";

let host: Host;
let other: Host;
let staff: Person;
let guest: Person;
let systemId: string;

beforeAll(async () => {
  await forgetRateLimits();
  [host, other, staff, guest] = await Promise.all([
    signUpHost("imports"),
    signUpHost("other"),
    signUp("staff"),
    signInGuest(),
  ]);
  systemId = await addSystem(host);
  await database`
    insert into public.organization_members (organization_id, user_id, role_key, status)
    values (${host.organizationId}, ${staff.userId}, 'staff', 'active')
  `;
});
afterAll(() => database.end());

const file = (content = "ABBA,Waterloo\n") => new Blob([content], { type: "text/csv" });
const pathOf = (name: string, folder = `${host.organizationId}/${systemId}`) => `${folder}/${name}`;

async function statusOf(answer: Promise<{ error: unknown }>): Promise<string> {
  const { error } = await answer;
  return error !== null && typeof error === "object" && "statusCode" in error
    ? String(error.statusCode)
    : "200";
}

describe("the bucket imports", () => {
  test("takes files of a system from members with songs:write, and from nobody else", async () => {
    const upload = (client: Person["client"], path: string) =>
      statusOf(client.storage.from("imports").upload(path, file()));
    expect(await upload(host.client, pathOf("owner.csv"))).toBe("200");
    expect(await upload(staff.client, pathOf("staff.csv"))).toBe("403");
    expect(await upload(other.client, pathOf("other.csv"))).toBe("403");
    expect(await upload(guest.client, pathOf("guest.csv"))).toBe("403");
    expect(await upload(newClient(), pathOf("visitor.csv"))).toBe("403");
  });

  test.each([
    ["the top", () => "loose.csv"],
    ["the folder of the organization", () => `${host.organizationId}/loose.csv`],
    ["the folder of a system of somebody else", () => `${host.organizationId}/${crypto.randomUUID()}/a.csv`],
    ["a folder further down", () => `${host.organizationId}/${systemId}/deeper/a.csv`],
  ])("takes no file into %s", async (_, path) => {
    expect(await statusOf(host.client.storage.from("imports").upload(path(), file()))).toBe("403");
  });

  test("shows, signs and deletes files only for them, and lets nobody change one", async () => {
    const path = pathOf("seen.csv");
    expectData(await host.client.storage.from("imports").upload(path, file()));
    for (const { client } of [staff, other, guest, { client: newClient() }]) {
      const files = client.storage.from("imports");
      expect(await statusOf(files.download(path))).toBe("404");
      expect(await statusOf(files.createSignedUrl(path, 60))).toBe("404");
      expect(expectData(await files.list(pathOf("").slice(0, -1)))).toEqual([]);
      expect(expectData(await files.remove([path]))).toEqual([]);
    }
    const files = host.client.storage.from("imports");
    expect(await statusOf(files.upload(path, file("changed"), { upsert: true }))).toBe("403");
    expect(await statusOf(files.move(path, pathOf("moved.csv")))).not.toBe("200");
    expect(await expectData(await files.download(path)).text()).toBe("ABBA,Waterloo\n");
    expect(await (await fetch(expectData(await files.createSignedUrl(path, 60)).signedUrl)).text()).toBe(
      "ABBA,Waterloo\n",
    );
    expect(expectData(await files.remove([path]))).toHaveLength(1);
  });

  test("refuses a file of more than 64 MB", async () => {
    const large = new Blob([new Uint8Array(64 * 1024 * 1024 + 1)]);
    expect(await statusOf(host.client.storage.from("imports").upload(pathOf("large.csv"), large))).toBe(
      "413",
    );
  });
});

describe("the bucket reports", () => {
  test("is written by the service and read by members with analytics:read", async () => {
    const service = newClient(environment.secretKey);
    const path = `${host.organizationId}/report-${crypto.randomUUID()}.csv`;
    expect(await statusOf(host.client.storage.from("reports").upload(path, file()))).toBe("403");
    expectData(await service.storage.from("reports").upload(path, file("night")));
    expect(await expectData(await host.client.storage.from("reports").download(path)).text()).toBe("night");
    for (const { client } of [staff, other, guest, { client: newClient() }]) {
      expect(await statusOf(client.storage.from("reports").download(path))).toBe("404");
    }
    expect(expectData(await host.client.storage.from("reports").remove([path]))).toEqual([]);
    expect(expectData(await service.storage.from("reports").remove([path]))).toHaveLength(1);
  });
});

describe("starting an import", () => {
  test("queues it, with the format from the name", async () => {
    const id = await startImport(host, systemId, "songs.CSV", "ABBA,Waterloo\n", {
      columns: { artist: 1, title: "2" },
    });
    expect(await readImport(host, id)).toMatchObject({
      organization_id: host.organizationId,
      system_id: systemId,
      format: "csv",
      mode: "merge",
      is_dry_run: false,
      columns: { artist: 1, title: "2" },
      state: "queued",
      bytes_total: 14,
      rows_done: 0,
      errors: [],
      created_by: host.userId,
    });
  });

  test.each([
    ["an unknown format", { p_format: "pdf" }, 400, "format_unknown"],
    ["an unknown mode", { p_mode: "append" }, 400, "mode_unknown"],
    ["columns without a title", { p_columns: { artist: 1 } }, 400, "invalid_columns"],
    ["a column number 0", { p_columns: { artist: 0, title: 1 } }, 400, "invalid_columns"],
    ["a column more", { p_columns: { artist: 1, title: 2, key: 3 } }, 400, "invalid_columns"],
    ["columns as a list", { p_columns: [1, 2] }, 400, "invalid_columns"],
    ["a path elsewhere", { p_path: "a/b.csv" }, 400, "invalid_path"],
    ["a file that is not there", { p_path: "missing.csv" }, 404, "file_not_found"],
    ["a system that is not there", { p_system_id: crypto.randomUUID() }, 404, "system_not_found"],
  ])("refuses %s", async (_, values, status, message) => {
    const path = await uploadFile(host, systemId, "a.csv", "a,b");
    const given = "p_path" in values && values.p_path === "missing.csv"
      ? { p_path: pathOf("missing.csv") }
      : values;
    const answer = await host.client.rpc("start_song_import", {
      p_system_id: systemId,
      p_path: path,
      ...given,
    });
    expect([answer.status, answer.error?.message]).toEqual([status, message]);
    expect(answer.error?.hint).not.toBe("");
  });

  test("is for members with songs:write; for strangers there is no such system", async () => {
    const path = await uploadFile(host, systemId, "a.csv", "a,b");
    const start = async (client: Person["client"]) => {
      const { status, error } = await client.rpc("start_song_import", {
        p_system_id: systemId,
        p_path: path,
      });
      return [status, error?.message];
    };
    expect(await start(staff.client)).toEqual([403, "permission_denied"]);
    expect(await start(other.client)).toEqual([404, "system_not_found"]);
    expect(await start(guest.client)).toEqual([404, "system_not_found"]);
    expect((await start(newClient()))[0]).toBe(401);
  });

  test("does not take a file of another system of the organization", async () => {
    const path = await uploadFile(host, await addSystem(host, "Second"), "a.csv", "a,b");
    const { error } = await host.client.rpc("start_song_import", { p_system_id: systemId, p_path: path });
    expect(error?.message).toBe("invalid_path");
  });

  test("is limited per organization", async () => {
    const busy = await signUpHost("busy");
    const rig = await addSystem(busy);
    const path = await uploadFile(busy, rig, "a.csv", "a,b");
    await database`
      insert into private.rate_limit_counters (rate_limit_key, subject, used, window_ends_at)
      values ('song_imports', ${busy.organizationId}, 1000, now() + interval '1 hour')
    `;
    const { status, error } = await busy.client.rpc("start_song_import", { p_system_id: rig, p_path: path });
    expect([status, error?.message]).toEqual([429, "rate_limited"]);
  });
});

describe("an import", () => {
  test("is seen by members with songs:read, and written by nobody", async () => {
    const id = await startImport(host, systemId, "a.csv", "a,b");
    expect((await staff.client.from("song_imports").select("id").eq("id", id)).data).toHaveLength(1);
    for (const { client } of [other, guest]) {
      expect((await client.from("song_imports").select("id").eq("id", id)).data).toEqual([]);
    }
    expect((await newClient().from("song_imports").select("id")).status).toBe(401);
    const values = { state: "completed", finished_at: new Date().toISOString() };
    expect((await host.client.from("song_imports").update(values as never).eq("id", id)).status).toBe(403);
    expect((await host.client.from("song_imports").delete().eq("id", id)).status).toBe(403);
  });

  test("is cancelled by members with songs:write, and again without harm", async () => {
    const id = await startImport(host, systemId, "a.csv", "a,b");
    const cancel = async (client: Person["client"]) => {
      const { status, error } = await client.rpc("cancel_song_import", { p_import_id: id });
      return [status, error?.message];
    };
    expect(await cancel(staff.client)).toEqual([403, "permission_denied"]);
    expect(await cancel(other.client)).toEqual([404, "import_not_found"]);
    expect(await cancel(host.client)).toEqual([204, undefined]);
    expect(await cancel(host.client)).toEqual([204, undefined]);
    expect(await readImport(host, id)).toMatchObject({ state: "cancelled" });
    expect(await runImport(host, id)).toBe(200);
    expect(await readImport(host, id)).toMatchObject({ state: "cancelled", rows_done: 0 });

    const done = await startImport(host, systemId, "a.csv", "a,b");
    await runImport(host, done);
    await finished(host, done);
    const late = await host.client.rpc("cancel_song_import", { p_import_id: done });
    expect([late.status, late.error?.message]).toEqual([409, "import_finished"]);
  });

  test("is followed over Realtime by members, not by others", async () => {
    const id = await startImport(host, await addSystem(host, "Followed"), "a.csv", "a,b\nc,d\n,e\n");
    const follow = async ({ client }: Person, events: Record<string, unknown>[]) => {
      await client.realtime.setAuth();
      const channel = client.channel(`import:${id}`, { config: { private: true } });
      channel.on(
        "broadcast",
        { event: "import_changed" },
        ({ payload }) => events.push(payload as Record<string, unknown>),
      );
      return await new Promise<string>((resolve) => channel.subscribe((status) => resolve(status)));
    };
    const events: Record<string, unknown>[] = [];
    expect(await follow(staff, events)).toBe("SUBSCRIBED");
    expect(await follow(other, [])).toBe("CHANNEL_ERROR");
    expect(await follow(guest, [])).toBe("CHANNEL_ERROR");
    await runImport(host, id);
    await finished(host, id);
    await expect.poll(() => events.at(-1)?.["state"]).toBe("completed");
    expect(events.map(({ state }) => state)).toEqual(["running", "running", "completed"]);
    expect(events.at(-1)).toMatchObject({ id, rows_valid: 2, rows_invalid: 1, songs_added: 2 });
    await Promise.all([staff, other, guest].map(({ client }) => client.realtime.disconnect()));
  });
});
