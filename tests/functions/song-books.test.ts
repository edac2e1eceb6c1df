import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FormatName, formats } from "../../functions/song-books/formats/index.ts";
import { database, forgetRateLimits, forgetRateLimitsOf } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import {
  addVenue,
  expectData,
  type Host,
  newClient,
  signInGuest,
  signUp,
  signUpHost,
} from "../support/people.ts";
import {
  addSystem,
  bookOf,
  exportFile,
  finished,
  importFile,
  readImport,
  runImport,
  startImport,
  tokenOf,
} from "../support/song-books.ts";

let host: Host;
let other: Host;

beforeAll(async () => {
  [host, other] = await Promise.all([signUpHost("books"), signUpHost("other")]);
});
beforeEach(async () => {
  await forgetRateLimits();
  // More files are imported here than a host may in an hour.
  await forgetRateLimitsOf(host.organizationId);
});
afterAll(() => database.end());

const asUser = async (user: Parameters<typeof tokenOf>[0]) => ({
  authorization: `Bearer ${await tokenOf(user)}`,
});
const list = (...songs: string[]) => songs.map((song) => `${song}\n`).join("");

describe("importing", () => {
  test("merges into the book or replaces it, each once", async () => {
    const system = await addSystem(host);
    const first = await importFile(
      host,
      system,
      "a.txt",
      list("ABBA - Waterloo", "a-ha - Take On Me", "Queen - Bohemian Rhapsody"),
    );
    expect(first).toMatchObject({
      state: "completed",
      rows_total: 3,
      rows_valid: 3,
      songs_added: 3,
      songs_removed: 0,
      failure: null,
    });
    expect(first.bytes_done).toBe(first.bytes_total);

    const merged = await importFile(
      host,
      system,
      "b.txt",
      list("abba - WATERLOO", "Cher - Believe", "Cher - Believe", "cher - believe"),
    );
    expect(merged).toMatchObject({ songs_added: 1, songs_removed: 0, rows_valid: 4 });
    expect(await bookOf(host, system)).toEqual([
      ["ABBA", "Waterloo"],
      ["a-ha", "Take On Me"],
      ["Cher", "Believe"],
      ["Queen", "Bohemian Rhapsody"],
    ]);

    const replaced = await importFile(
      host,
      system,
      "c.txt",
      list("Abba - Waterloo", "Sade - Smooth Operator"),
      { mode: "replace" },
    );
    expect(replaced).toMatchObject({ songs_added: 1, songs_removed: 3 });
    expect(await bookOf(host, system)).toEqual([["Abba", "Waterloo"], ["Sade", "Smooth Operator"]]);
  });

  test("is found by a singer at the venue, and noted once in the audit log", async () => {
    const system = await addSystem(host);
    const venue = await addVenue(host, { system_id: system });
    const id = await startImport(host, system, "a.csv", "title,artist\nWaterloo,ABBA\n");
    const headers = { "x-request-id": `import-${id}`, "user-agent": "Portal/1" };
    await runImport(host, id, headers);
    await finished(host, id);
    const guest = await signInGuest();
    const found = expectData(
      await guest.client.rpc("search_songs", { p_venue_id: venue.id, p_query: "waterlo" }),
    );
    expect(found).toMatchObject([{ artist: "ABBA", title: "Waterloo" }]);
    const entries = expectData(await host.client.from("audit_entries").select().eq("row_key", id));
    expect(entries).toMatchObject([{
      operation: "import",
      actor_id: host.userId,
      new_values: { mode: "merge", songs_added: 1 },
      http_request_id: headers["x-request-id"],
      user_agent: headers["user-agent"],
      address: expect.any(String) as string,
    }]);
  });

  test("as a dry run says what would change and changes nothing", async () => {
    const system = await addSystem(host);
    await importFile(host, system, "a.txt", list("ABBA - Waterloo", "Queen - Innuendo"));
    const file = list("abba - waterloo", `Nobody ${crypto.randomUUID()} - Unheard`, "no separator");
    const merge = await importFile(host, system, "b.txt", file, { isDryRun: true });
    expect(merge).toMatchObject({
      state: "completed",
      songs_added: 1,
      songs_removed: 0,
      rows_valid: 2,
      rows_invalid: 1,
    });
    const replace = await importFile(host, system, "b.txt", file, { isDryRun: true, mode: "replace" });
    expect(replace).toMatchObject({ state: "completed", songs_added: 1, songs_removed: 1 });
    expect(await bookOf(host, system)).toEqual([["ABBA", "Waterloo"], ["Queen", "Innuendo"]]);
    const [{ known } = {}] =
      await database`select count(*)::int as known from private.song_spellings where artist like 'Nobody %' and title = 'Unheard'`;
    expect(known).toBe(0);
  });

  test("tells every row that cannot be used, with line and column, and imports the rest", async () => {
    const system = await addSystem(host);
    const done = await importFile(
      host,
      system,
      "a.csv",
      `disc,title,artist\n1,Waterloo,ABBA\n2,,Queen\n3,"two\nlines",Cher\n4,${
        "x".repeat(256)
      },\n5\n6,ok,"nul\0"\n`,
      { mode: "replace" },
    );
    expect(done).toMatchObject({
      state: "completed",
      rows_total: 6,
      rows_valid: 2,
      rows_invalid: 4,
      songs_added: 2,
    });
    expect(done.errors).toEqual([
      { line: 3, column: 2, field: "title", problem: "The title is empty." },
      { line: 6, column: 3, field: "artist", problem: "The artist is empty." },
      { line: 6, column: 2, field: "title", problem: "The title is longer than 255 characters." },
      { line: 7, column: 3, field: "artist", problem: "The artist is empty." },
      { line: 7, column: 2, field: "title", problem: "The title is empty." },
      { line: 8, column: 3, field: null, problem: "It has a character that cannot be stored." },
    ]);
  });

  test("keeps the first 1,000 errors and counts all of them", async () => {
    const system = await addSystem(host);
    const done = await importFile(host, system, "a.csv", "ABBA,Waterloo\n" + ",nothing\n".repeat(5000));
    expect(done).toMatchObject({ rows_invalid: 5000, rows_valid: 1, state: "completed" });
    const errors = done.errors as { line: number }[];
    expect(errors).toHaveLength(1000);
    expect(errors.map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 2));
  });

  test.each([
    ["without a usable row", "a.csv", ",a\nb,\n", {}, "no_songs", undefined],
    ["that is empty", "a.txt", "", {}, "no_songs", undefined],
    ["that ends within quotation marks", "a.csv", 'a,b\nc,d\n"e,f\ng,h\n', {}, "file_unreadable", 3],
    ["that is not JSON", "a.json", '{"artist": "a"}', {}, "file_unreadable", 1],
    ["that is no workbook", "a.xlsx", "a,b\n", {}, "file_unreadable", undefined],
    [
      "in two encodings",
      "a.txt",
      Buffer.concat([Buffer.from("a - b\nBjörk - Jóga\n"), Buffer.from("Bj\xf6rk - Isobel\n", "latin1")]),
      {},
      "encoding_unknown",
      3,
    ],
    [
      "without the named column",
      "a.csv",
      "who,what\na,b\n",
      { columns: { artist: "who", title: "song" } },
      "column_not_found",
      1,
    ],
  ])("fails for a file %s and leaves the book alone", async (_, name, content, options, code, line) => {
    const system = await addSystem(host);
    await importFile(host, system, "before.txt", list("ABBA - Waterloo"));
    const done = await importFile(host, system, name, content, { mode: "replace", ...options });
    expect(done.state).toBe("failed");
    expect(done.failure).toMatchObject({
      code,
      detail: expect.stringMatching(/.{10}/),
      hint: expect.stringMatching(/.{10}/),
    });
    expect((done.failure as { line?: number }).line).toBe(line);
    expect(await bookOf(host, system)).toEqual([["ABBA", "Waterloo"]]);
  }, 60_000);

  test("reads what older programs write, and says how", async () => {
    const system = await addSystem(host);
    const latin = await importFile(host, system, "a.csv", Buffer.from("Björk,Jóga\r\n", "latin1"));
    expect(latin).toMatchObject({ state: "completed", encoding: "windows-1252", runs: 1 });
    const wide = await importFile(
      host,
      system,
      "b.txt",
      Buffer.from("Sigur Rós - Hoppípolla\r\n", "utf16le"),
    );
    expect(wide).toMatchObject({ state: "completed", encoding: "utf-16le" });
    expect(await bookOf(host, system)).toEqual([["Björk", "Jóga"], ["Sigur Rós", "Hoppípolla"]]);
  });

  test("has its errors as a file, for members with songs:read", async () => {
    const system = await addSystem(host);
    const { id } = await importFile(host, system, "a.csv", "ABBA,Waterloo\n,Believe\nCher,\n");
    const errors = (client: Host["client"]) => client.rpc("song_import_errors", { p_import_id: id }).csv();
    expect(expectData(await errors(host.client)).trim().split("\n")).toEqual([
      "line,column_number,field,problem",
      '2,1,artist,"The artist is empty."',
      '3,2,title,"The title is empty."',
    ]);
    expect((await errors(other.client)).status).toBe(404);
    expect((await errors((await signInGuest()).client)).status).toBe(404);
  });

  test("30,000 songs, exactly", async () => {
    const system = await addSystem(host);
    const salt = crypto.randomUUID().slice(0, 8);
    const songs = Array.from(
      { length: 30_000 },
      (_, index) => `"Artist ${salt} ${index % 9000}","Song, no. ${index}"`,
    );
    const id = await startImport(host, system, "large.csv", songs.join("\r\n"), { mode: "replace" });
    await runImport(host, id);
    const done = await finished(host, id, 170);
    expect(done).toMatchObject({
      state: "completed",
      rows_total: 30_000,
      rows_valid: 30_000,
      songs_added: 30_000,
    });
    const book = await bookOf(host, system);
    expect(new Set(book.map(([artist, title]) => `"${artist}","${title}"`))).toEqual(new Set(songs));

    // The same file again finds every song there.
    const again = await importFile(host, system, "again.csv", songs.join("\n"));
    expect(again).toMatchObject({ state: "completed", songs_added: 0, songs_removed: 0 });
  }, 180_000);
});

describe("running an import", () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `Artist ${index % 100} - Cut off ${index}`).join(
    "\n",
  );
  const claims = JSON.stringify({ role: "service_role" });

  test("is for members with songs:write", async () => {
    const staff = await signUp("staff");
    await database`
      insert into public.organization_members (organization_id, user_id, role_key, status)
      values (${host.organizationId}, ${staff.userId}, 'staff', 'active')
    `;
    const system = await addSystem(host);
    const id = await startImport(host, system, "a.txt", "a - b");
    const run = async (headers: Record<string, string>) => {
      const answer = await fetch(`${environment.apiUrl}/functions/v1/song-books/imports/${id}/run`, {
        method: "POST",
        headers,
      });
      return [answer.status, (await answer.json() as { type?: string }).type];
    };
    expect(await run(await asUser(staff))).toEqual([403, "urn:problem:permission_denied"]);
    expect(await run(await asUser(other))).toEqual([404, "urn:problem:import_not_found"]);
    expect(await run({})).toEqual([401, "urn:problem:not_signed_in"]);
    expect(await run({ authorization: `Bearer ${environment.anonKey}` })).toEqual([
      401,
      "urn:problem:not_signed_in",
    ]);
    const forged = Buffer.from(
      JSON.stringify({ sub: host.userId, role: "authenticated", aud: "authenticated" }),
    ).toString("base64url");
    expect(await run({ authorization: `Bearer eyJhbGciOiJub25lIn0.${forged}.` })).toEqual([
      401,
      "urn:problem:not_signed_in",
    ]);
    expect(await readImport(host, id)).toMatchObject({ state: "queued" });
    expect((await run({ authorization: `Bearer ${environment.serviceRoleKey}` }))[0]).toBe(202);
    expect(await finished(host, id)).toMatchObject({ state: "completed" });
    expect(await runImport(host, crypto.randomUUID())).toBe(404);
    expect(await runImport(host, "nonsense")).toBe(404);
  });

  test("ends with the session it was asked in", async () => {
    const leaver = await signUpHost("leaver");
    const id = await startImport(leaver, await addSystem(leaver), "a.txt", "a - b");
    const headers = await asUser(leaver);
    await leaver.client.auth.signOut();
    const answer = await fetch(`${environment.apiUrl}/functions/v1/song-books/imports/${id}/run`, {
      method: "POST",
      headers,
    });
    expect(answer.status).toBe(401);
  });

  test("twice at once does it once", async () => {
    const system = await addSystem(host);
    const id = await startImport(host, system, "many.txt", many);
    const statuses = await Promise.all([1, 2, 3, 4, 5].map(() => runImport(host, id)));
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 202]);
    expect(await finished(host, id, 60)).toMatchObject({
      state: "completed",
      rows_total: 20_000,
      songs_added: 20_000,
    });
    expect(await runImport(host, id)).toBe(200);
    expect(await bookOf(host, system)).toHaveLength(20_000);
  }, 90_000);

  test("starts anew where one was cut off: the old book until then, every song once afterwards", async () => {
    const system = await addSystem(host);
    await importFile(host, system, "before.txt", list("ABBA - Waterloo"));
    const id = await startImport(host, system, "many.txt", many, { mode: "replace" });
    // A run that gets as far as its first batches.
    const [{ claim } = {}] =
      await database`select private.claim_song_import(${id}, ${claims}::text::jsonb) as claim`;
    const stage = async (number: number) => {
      const rows = JSON.stringify([{ line: number, artist: "Half", title: `Way ${number}` }, {
        line: number,
      }]);
      const [row] = await database`
        select private.stage_song_import(${id}, ${claim.run_id}, ${number}, ${rows}::text::jsonb, 10) as goes_on
      `;
      return row?.["goes_on"];
    };
    expect([await stage(0), await stage(1), await stage(1)]).toEqual([true, true, true]);
    await expect(stage(3)).rejects.toThrow("batch_missing");
    await expect(database`select private.finish_song_import(${id}, ${claim.run_id}, 3)`).rejects.toThrow(
      "batch_missing",
    );
    expect(await readImport(host, id)).toMatchObject({ state: "running", rows_done: 4, rows_invalid: 2 });
    expect(await bookOf(host, system)).toEqual([["ABBA", "Waterloo"]]);
    // As long as it gives signs of life, nobody else starts.
    expect(await runImport(host, id)).toBe(200);
    await database`update private.song_import_runs set last_sign_at = now() - interval '2 minutes' where song_import_id = ${id}`;
    expect(await runImport(host, id)).toBe(202);
    // Should the first one still be about, it is told to stop.
    expect(await stage(2)).toBe(false);
    const done = await finished(host, id, 60);
    expect(done).toMatchObject({
      state: "completed",
      rows_total: 20_000,
      rows_invalid: 0,
      errors: [],
      songs_added: 20_000,
      songs_removed: 1,
    });
    expect((await bookOf(host, system)).map(([artist, title]) => `${artist} - ${title}`).sort()).toEqual(
      many.split("\n").sort(),
    );
  }, 90_000);

  test("stops when it is cancelled on the way, and the book stays", async () => {
    const system = await addSystem(host);
    await importFile(host, system, "before.txt", list("ABBA - Waterloo"));
    const salt = crypto.randomUUID();
    const file = Array.from({ length: 60_000 }, (_, index) => `Artist ${salt} ${index} - Cancelled ${index}`)
      .join("\n");
    const id = await startImport(host, system, "many.txt", file, { mode: "replace" });
    await runImport(host, id);
    await expect.poll(async () => (await readImport(host, id)).rows_done, { timeout: 20_000 })
      .toBeGreaterThan(0);
    expectData({ ...await host.client.rpc("cancel_song_import", { p_import_id: id }), data: true });
    const cancelled = await readImport(host, id);
    expect(cancelled.state).toBe("cancelled");
    // By the time that another import has come in whole, the cancelled one has tried to go on.
    await importFile(host, await addSystem(host), "after.txt", list("ABBA - SOS"));
    expect(await readImport(host, id)).toEqual(cancelled);
    expect(await bookOf(host, system)).toEqual([["ABBA", "Waterloo"]]);
    const [left] =
      await database`select count(*)::int as batches from private.song_import_batches where song_import_id = ${id}`;
    expect(left).toEqual({ batches: 0 });
  }, 60_000);

  test(
    "two imports of one book at once: both songs lists when merged, one of them whole when replaced",
    async () => {
      const system = await addSystem(host);
      const lists = ["Left", "Right"].map((side) =>
        Array.from({ length: 6000 }, (_, index) => `${side} ${index % 50} - Song ${index}`)
      );
      const both = async (mode: "merge" | "replace") => {
        const ids = await Promise.all(
          lists.map((songs) => startImport(host, system, "a.txt", songs.join("\n"), { mode })),
        );
        await Promise.all(ids.map((id) => runImport(host, id)));
        for (const id of ids) {
          expect(await finished(host, id, 60)).toMatchObject({
            state: "completed",
            rows_valid: 6000,
          });
        }
        return (await bookOf(host, system)).map(([artist, title]) => `${artist} - ${title}`).sort();
      };
      expect(await both("merge")).toEqual(lists.flat().sort());
      const replaced = await both("replace");
      expect(lists.map((songs) => songs.toSorted())).toContainEqual(replaced);
    },
    120_000,
  );
});

describe("resuming", () => {
  const resume = (headers: Record<string, string>) =>
    fetch(`${environment.apiUrl}/functions/v1/song-books/resume-imports`, { method: "POST", headers });

  test("is for the project's own schedule", async () => {
    expect((await resume({})).status).toBe(401);
    expect((await resume(await asUser(host))).status).toBe(403);
    expect((await resume({ apikey: environment.secretKey })).status).toBe(200);
  });

  test("takes on what was never begun or was cut off, and leaves alone what is being worked on", async () => {
    const system = await addSystem(host);
    const [fresh, forgotten, cutOff] = [
      await startImport(host, system, "a.txt", list("A - Fresh")),
      await startImport(host, system, "b.txt", list("B - Forgotten")),
      await startImport(host, system, "c.txt", list("C - Cut off")),
    ];
    await database`update public.song_imports set created_at = now() - interval '2 minutes' where id = ${forgotten}`;
    await database`select private.claim_song_import(${cutOff}, '{"role": "service_role"}')`;
    await database`update private.song_import_runs set last_sign_at = now() - interval '2 minutes' where song_import_id = ${cutOff}`;
    await resume({ apikey: environment.secretKey });
    expect(await finished(host, forgotten)).toMatchObject({ state: "completed", runs: 1 });
    expect(await finished(host, cutOff)).toMatchObject({ state: "completed", runs: 2 });
    expect(await readImport(host, fresh)).toMatchObject({ state: "queued", runs: 0 });
  });

  test("ends when a file has cut off five runs: failed, with what to do, and the book as it was", async () => {
    const system = await addSystem(host);
    const id = await startImport(host, system, "a.txt", list("A - Deadly"));
    await database`update public.song_imports set runs = 5, created_at = now() - interval '1 hour' where id = ${id}`;
    await resume({ apikey: environment.secretKey });
    const given = await finished(host, id);
    expect(given).toMatchObject({ state: "failed", failure: { code: "import_broke_off" } });
    expect((given.failure as { hint: string }).hint).toMatch(/Split the file/);
    expect(await bookOf(host, system)).toEqual([]);
  });
});

describe("exporting", () => {
  const nasty: [string, string][] = [
    ["a-ha", "Take On Me"],
    ["Simon - Garfunkel", "Cecilia - Live"],
    ["Earth, Wind & Fire", "September"],
    ['"Weird Al" Yankovic', 'Eat "It"'],
    ["=cmd|'/c calc'!A0", "+1"],
    ["'=Till Tuesday", "@home"],
    ["Line\nbreak", "Carriage\r\nreturn"],
    ["Tab\tinside", "  blanks  "],
    ["椎名林檎", "丸の内サディスティック"],
    ["🎤 Duo", "👩‍👩‍👧 Family"],
    ["Bjo\u0308rk", "Jo\u0301ga"],
  ];

  test.each(Object.keys(formats) as FormatName[])(
    "as %s and importing again gives the same book, byte for byte",
    async (format) => {
      const [system, copy] = [await addSystem(host), await addSystem(host)];
      const songs = JSON.stringify(nasty.map(([artist, title]) => ({ artist, title })));
      expect(await importFile(host, system, "nasty.json", songs)).toMatchObject({
        songs_added: nasty.length,
        rows_invalid: 0,
      });
      const answer = await exportFile(system, format, await asUser(host));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe(formats[format].contentType);
      expect(answer.headers.get("content-disposition")).toMatch(
        new RegExp(`^attachment; filename="songs-\\d{4}-\\d\\d-\\d\\d\\.${format}"$`),
      );
      const file = new Uint8Array(await answer.arrayBuffer());
      expect(await importFile(host, copy, `file.${format}`, file, { mode: "replace" })).toMatchObject({
        state: "completed",
        songs_added: nasty.length,
        rows_invalid: 0,
      });
      expect((await bookOf(host, copy)).sort()).toEqual(nasty.toSorted());
      const again = new Uint8Array(await (await exportFile(copy, format, await asUser(host))).arrayBuffer());
      expect(Buffer.from(again).equals(file)).toBe(true);
    },
  );

  test("of an empty book is a file without songs", async () => {
    const system = await addSystem(host);
    expect(await (await exportFile(system, "csv", await asUser(host))).text()).toBe("artist,title\r\n");
    expect(await (await exportFile(system, "json", await asUser(host))).json()).toEqual([]);
    expect(await (await exportFile(system, "txt", await asUser(host))).text()).toBe("");
  });

  test("opens no formulas in a spreadsheet", async () => {
    const system = await addSystem(host);
    await importFile(
      host,
      system,
      "a.json",
      JSON.stringify([{ artist: "=1+1", title: "@SUM(1)" }, { artist: "-M-", title: "\tTab" }]),
    );
    const text = await (await exportFile(system, "csv", await asUser(host))).text();
    for (const cell of text.split(/\r\n|,/).slice(2).filter((found) => found !== "")) {
      expect(cell).toMatch(/^"?'/);
    }
  });

  test("is for members with songs:read and for API keys with that scope; elsewhere there is no such system", async () => {
    const system = await addSystem(host);
    const second = await addSystem(host, "Second");
    const key = async (scopes: string[], values: Record<string, unknown> = {}) => {
      const made = expectData(
        await host.client.rpc("create_api_key", {
          p_organization_id: host.organizationId,
          p_name: "Export",
          p_scopes: scopes,
          ...values,
        }),
      );
      return String((made as { key: string }).key);
    };
    const status = async (headers: Record<string, string>, wanted = system) => {
      const answer = await exportFile(wanted, "csv", headers);
      return [
        answer.status,
        answer.ok ? await answer.text() : (await answer.json() as { type: string }).type,
      ];
    };
    const empty = [200, "artist,title\r\n"];
    const missing = [404, "urn:problem:system_not_found"];
    const full = await key(["songs:read"]);
    expect(await status(await asUser(host))).toEqual(empty);
    expect(await status({ "x-api-key": full })).toEqual(empty);
    expect(await status({ authorization: `Bearer ${full}` })).toEqual(empty);
    expect(await status(await asUser(other))).toEqual(missing);
    expect(await status(await asUser(await signInGuest()))).toEqual(missing);
    expect(await status({ "x-api-key": full }, await addSystem(other))).toEqual(missing);
    expect(await status({ "x-api-key": await key(["songs:read"], { p_system_id: second }) })).toEqual(
      missing,
    );
    expect(await status(await asUser(host), "nonsense")).toEqual(missing);
    expect(await status({ "x-api-key": await key(["requests:read"]) })).toEqual([
      403,
      "urn:problem:scope_missing",
    ]);
    expect(await status({ "x-api-key": `${full.slice(0, -4)}AAAA` })).toEqual([
      401,
      "urn:problem:api_key_refused",
    ]);
    expect(await status({})).toEqual([401, "urn:problem:not_signed_in"]);
    const [usage] = await database`
      select sum(usage.calls)::int as calls, sum(usage.failures)::int as failures
      from public.api_key_usage as usage join public.api_keys as key on key.id = usage.api_key_id
      where key.prefix = ${full.slice(0, 12)}
    `;
    expect(usage).toEqual({ calls: 3, failures: 1 });
  });

  test("is limited per organization, and says when to come back", async () => {
    const busy = await signUpHost("busy");
    const system = await addSystem(busy);
    await database`
      insert into private.rate_limit_counters (rate_limit_key, subject, used, window_ends_at)
      values ('song_exports', ${busy.organizationId}, 20, now() + interval '1 hour')
    `;
    const answer = await exportFile(system, "csv", await asUser(busy));
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(3000);
    expect(await answer.json()).toMatchObject({
      type: "urn:problem:rate_limited",
      retry_after: expect.any(Number),
    });
  });

  test("refuses what is not there in words", async () => {
    const system = await addSystem(host);
    const wrong = await exportFile(system, "pdf", await asUser(host));
    expect(await wrong.json()).toMatchObject({
      status: 400,
      type: "urn:problem:format_unknown",
      detail: expect.stringContaining("xlsx"),
    });
    const base = `${environment.apiUrl}/functions/v1/song-books`;
    expect((await fetch(`${base}/export`, { method: "POST", headers: await asUser(host) })).status).toBe(405);
    expect((await fetch(`${base}/elsewhere`, { headers: await asUser(host) })).status).toBe(404);
    const preflight = await fetch(`${base}/export`, { method: "OPTIONS" });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });
});

describe("expired files", () => {
  test("are deleted through Storage, and only by the project itself", async () => {
    const service = newClient(environment.secretKey);
    const system = await addSystem(host);
    const names = ["old.csv", "new.csv"].map((name) => `${host.organizationId}/${system}/${name}`);
    for (const name of names) {
      expectData(await service.storage.from("imports").upload(name, new Blob(["a,b"])));
    }
    await database`update storage.objects set created_at = now() - interval '8 days' where name = ${
      names[0] ?? ""
    }`;
    const expire = async (headers: Record<string, string>) =>
      (await fetch(`${environment.apiUrl}/functions/v1/song-books/expire-files`, { method: "POST", headers }))
        .status;
    expect(await expire(await asUser(host))).toBe(403);
    expect(await expire({})).toBe(401);
    expect(await expire({ apikey: environment.secretKey })).toBe(200);
    const left = expectData(
      await host.client.storage.from("imports").list(`${host.organizationId}/${system}`),
    );
    expect(left.map(({ name }) => name)).toEqual(["new.csv"]);
  });
});
