// Bytes in, the same bytes out: every kind of body, parts of files, odd names, malformed requests, and races.
import { randomBytes, randomUUID } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environment } from "../support/environment.ts";
import { expectData, newClient } from "../support/people.ts";

const service = newClient(environment.secretKey);
const bucket = `bytes-${randomUUID()}`;
const open = `open-${randomUUID()}`;
const files = service.storage.from(bucket);
const headers = { apikey: environment.secretKey, authorization: `Bearer ${environment.secretKey}` };

beforeAll(async () => {
  expectData(await service.storage.createBucket(bucket));
  expectData(await service.storage.createBucket(open, { public: true }));
});

afterAll(async () => {
  for (const id of [bucket, open]) {
    await service.storage.emptyBucket(id);
    expectData(await service.storage.deleteBucket(id));
  }
});

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${environment.apiUrl}/storage/v1${path}`, {
    ...init,
    headers: { ...headers, ...init.headers as Record<string, string> },
  });
}

async function refusal(
  answer: Promise<Response>,
): Promise<{ status: number; statusCode: string; message: string }> {
  const response = await answer;
  const { statusCode, message } = await response.json() as { statusCode: string; message: string };
  return { status: response.status, statusCode, message };
}

async function textOf(name: string): Promise<string> {
  return await expectData(await files.download(name)).text();
}

describe("bodies", () => {
  const random = randomBytes(300_000);
  const cases: [string, () => Parameters<typeof files.upload>[1]][] = [
    ["a Blob", () => new Blob([random])],
    ["a File", () => new File([random], "name.bin")],
    ["an ArrayBuffer", () => Uint8Array.from(random).buffer],
    ["an ArrayBufferView", () => Uint8Array.from(random)],
    ["a Buffer", () => random],
    ["a stream", () => new Blob([random]).stream()],
    ["a form", () => {
      const form = new FormData();
      form.append("", new Blob([random]));
      return form;
    }],
  ];

  it.each(cases)("%s arrives byte by byte", async (name, body) => {
    const key = `bodies/${name}.bin`;
    expectData(await files.upload(key, body()));
    expect(Buffer.from(await expectData(await files.download(key)).arrayBuffer()).equals(random)).toBe(true);
    expect(expectData(await files.info(key)).size).toBe(random.length);
  });

  it("text and nothing at all are bodies too", async () => {
    expectData(await files.upload("bodies/text.txt", "Grüße 🎤"));
    expectData(await files.upload("bodies/empty.txt", new Blob([])));
    expect(await textOf("bodies/text.txt")).toBe("Grüße 🎤");
    expect(await textOf("bodies/empty.txt")).toBe("");
  });

  it("a download may be read as a stream", async () => {
    const stream = expectData(await files.download("bodies/text.txt").asStream());
    expect(await new Response(stream).text()).toBe("Grüße 🎤");
  });

  it("what is said about a file is kept with it", async () => {
    expectData(
      await files.upload("about.json", Buffer.from("{}"), {
        contentType: "application/json",
        cacheControl: "31",
        metadata: { by: "Ann", take: 2 },
      }),
    );
    expect(expectData(await files.info("about.json"))).toMatchObject({
      contentType: "application/json",
      cacheControl: "max-age=31",
      metadata: { by: "Ann", take: 2 },
    });
  });
});

describe("downloads", () => {
  const address = (name: string) => `/object/public/${open}/${name}`;

  beforeAll(async () => {
    expectData(await service.storage.from(open).upload("digits.txt", "0123456789"));
  });

  it.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=3-1", 200, "0123456789", null],
    ["bytes=0-1,4-5", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
    ["bytes=-", 200, "0123456789", null],
  ])("answer the range %s with %i", async (range, status, text, contentRange) => {
    const response = await call(address("digits.txt"), { headers: { range } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(await response.text()).toBe(text);
  });

  it.each(["bytes=10-", "bytes=99-100", "bytes=-0"])(
    "refuse the range %s, which is outside",
    async (range) => {
      expect(await refusal(call(address("digits.txt"), { headers: { range } }))).toMatchObject({
        statusCode: "416",
      });
    },
  );

  it("give the part of another version only when it is still that version", async () => {
    const range = { range: "bytes=0-0" };
    const etag = (await call(address("digits.txt"), { method: "HEAD" })).headers.get("etag") ?? "";
    expect((await call(address("digits.txt"), { headers: { ...range, "if-range": etag } })).status).toBe(206);
    expect((await call(address("digits.txt"), { headers: { ...range, "if-range": '"other"' } })).status).toBe(
      200,
    );
  });

  it("are not sent again to whoever has them", async () => {
    const first = await call(address("digits.txt"));
    await first.text();
    const known: Record<string, string>[] = [
      { "if-none-match": first.headers.get("etag") ?? "" },
      { "if-modified-since": first.headers.get("last-modified") ?? "" },
    ];
    for (const headers of known) expect((await call(address("digits.txt"), { headers })).status).toBe(304);
    const stale = {
      "if-none-match": '"other"',
      "if-modified-since": first.headers.get("last-modified") ?? "",
    };
    expect((await call(address("digits.txt"), { headers: stale })).status).toBe(200);
  });

  it("are offered to be saved under a name, whatever it holds", async () => {
    const disposition = async (download: string | boolean) => {
      const { publicUrl } = service.storage.from(open).getPublicUrl("digits.txt", { download }).data;
      return (await fetch(publicUrl)).headers.get("content-disposition");
    };
    expect(await disposition(true)).toBe("attachment;");
    expect(await disposition("my song.txt")).toBe(
      "attachment; filename=my%20song.txt; filename*=UTF-8''my%20song.txt;",
    );
    expect(await disposition('a"\r\nset-cookie: x=1')).not.toContain("\n");
    expect(
      (await fetch(service.storage.from(open).getPublicUrl("digits.txt").data.publicUrl)).headers.get(
        "content-disposition",
      ),
    )
      .toBeNull();
  });
});

describe("names", () => {
  it.each([
    "a b.txt",
    "deep/er/and/deeper.txt",
    "(1) & $2 = 'x', y;z:@+!.txt",
    ".hidden",
    "under_score-dash.tar.gz",
  ])(
    "%s is a name",
    async (name) => {
      expectData(await files.upload(`names/${name}`, name));
      expect(await textOf(`names/${name}`)).toBe(name);
      const { signedUrl } = expectData(await files.createSignedUrl(`names/${name}`, 60));
      expect(await (await fetch(signedUrl)).text()).toBe(name);
      expect(expectData(await files.remove([`names/${name}`]))).toHaveLength(1);
    },
  );

  it.each(["Björk.txt", "per%cent.txt", "a[1].txt", "<script>.txt", "~.txt", "`.txt", `${"x".repeat(1025)}`])(
    "%j is none",
    async (name) => {
      const { error } = await files.upload(name, "x");
      expect(error).toMatchObject({ statusCode: "400", message: expect.stringContaining("Invalid key") });
    },
  );

  it("never lead out of their bucket", async () => {
    expectData(await service.storage.from(open).upload("secret.txt", "of another bucket"));
    /** As it is, without the corrections that a browser makes. */
    const raw = (path: string) =>
      new Promise<string>((resolve, reject) => {
        const { hostname, port } = new URL(environment.apiUrl);
        request({ hostname, port, path: `/storage/v1/object/${path}`, headers }, (response) => {
          let text = "";
          response.on("data", (chunk) => (text += String(chunk)));
          response.on("end", () => resolve(text));
        }).on("error", reject).end();
      });
    const ways = [
      "../../../../etc/passwd",
      "..%2f..%2f..%2fetc%2fpasswd",
      "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
      "....//etc/passwd",
      "%00/etc/passwd",
    ];
    for (const way of ways) {
      const text = await raw(`authenticated/${bucket}/${way}`);
      expect(text).not.toContain("root:");
      expect(JSON.parse(text)).toHaveProperty("message");
    }
    const sly = newClient(environment.anonKey).storage.from(bucket);
    expect((await sly.download(`../${open}/secret.txt`)).data).toBeNull();
  });
});

describe("lists", () => {
  beforeAll(async () => {
    for (const name of ["b.txt", "a.txt", "sub/1.txt", "sub/2.txt", "sub/more/3.txt"]) {
      expectData(await files.upload(`list/${name}`, name));
    }
  });

  it("are sorted, searched and paged", async () => {
    const names = async (options: Parameters<typeof files.list>[1]) =>
      expectData(await files.list("list", options)).map(({ name }) => name);
    expect(await names({})).toEqual(["sub", "a.txt", "b.txt"]);
    expect(await names({ sortBy: { column: "name", order: "desc" } })).toEqual(["sub", "b.txt", "a.txt"]);
    expect(await names({ sortBy: { column: "created_at", order: "asc" } })).toEqual([
      "sub",
      "b.txt",
      "a.txt",
    ]);
    expect(await names({ limit: 1, offset: 1 })).toEqual(["a.txt"]);
    expect(await names({ search: "B." })).toEqual(["b.txt"]);
    expect(await names({ search: "%" })).toEqual([]);
  });

  it.each([
    [false, ["a.txt", "b.txt", "sub/1.txt", "sub/2.txt", "sub/more/3.txt"]],
    [true, ["a.txt", "b.txt", "sub/"]],
  ])("are read by cursor to their end, with folders shown as such: %s", async (folded, expected) => {
    for (const order of ["asc", "desc"] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = expectData(
          await files.listV2({
            prefix: "list/",
            limit: 2,
            with_delimiter: folded,
            sortBy: { column: "name", order },
            ...cursor !== undefined && { cursor },
          }),
        );
        seen.push(...[...page.folders, ...page.objects].map(({ name }) => name));
        expect(page.hasNext).toBe(page.nextCursor !== undefined);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen.toSorted()).toEqual(expected.map((name) => `list/${name}`));
    }
    expect((await files.listV2({ cursor: "nonsense" })).error).toMatchObject({ statusCode: "400" });
  });
});

describe("moves and copies", () => {
  it("do not overwrite, and go from bucket to bucket", async () => {
    const name = `moves/${randomUUID()}`;
    expectData(await files.upload(`${name}/one.txt`, "one"));
    expectData(await files.upload(`${name}/two.txt`, "two"));
    expect((await files.move(`${name}/one.txt`, `${name}/two.txt`)).error).toMatchObject({
      statusCode: "409",
    });
    expect((await files.copy(`${name}/one.txt`, `${name}/two.txt`)).error).toMatchObject({
      statusCode: "409",
    });
    expect(await textOf(`${name}/one.txt`)).toBe("one");
    expect(await textOf(`${name}/two.txt`)).toBe("two");
    expectData(await files.copy(`${name}/one.txt`, `${name}/one.txt`, { destinationBucket: open }));
    expectData(await files.move(`${name}/two.txt`, `${name}/two.txt`, { destinationBucket: open }));
    expect(await expectData(await service.storage.from(open).download(`${name}/one.txt`)).text()).toBe("one");
    expect(await expectData(await service.storage.from(open).download(`${name}/two.txt`)).text()).toBe("two");
    expect((await files.exists(`${name}/two.txt`)).data).toBe(false);
    expect((await files.move(`${name}/none.txt`, `${name}/any.txt`)).error).toMatchObject({
      statusCode: "404",
    });
    expect((await files.move(`${name}/one.txt`, "Björk")).error).toMatchObject({ statusCode: "400" });
    expect((await files.copy(`${name}/one.txt`, "x.txt", { destinationBucket: "none" })).error)
      .toMatchObject({ statusCode: "404" });
  });
});

describe("signed addresses", () => {
  it("are given for many at once, with a word about each that is missing", async () => {
    expectData(await files.upload("signed/one.txt", "one"));
    const [one, none] = expectData(await files.createSignedUrls(["signed/one.txt", "signed/none.txt"], 60));
    expect(await (await fetch(one?.signedUrl ?? "")).text()).toBe("one");
    expect(none).toMatchObject({ path: "signed/none.txt", error: expect.stringContaining("does not exist") });
  });

  it("are worth nothing when touched, or when somebody else has signed", async () => {
    expectData(await files.upload("signed/two.txt", "two"));
    const { signedUrl } = expectData(await files.createSignedUrl("signed/two.txt", 60));
    const [header, payload, signature] = (new URL(signedUrl).searchParams.get("token") ?? "").split(".");
    const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
    const forge = (change: object) =>
      Buffer.from(JSON.stringify({ ...claims, ...change })).toString("base64url");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const tokens = [
      "",
      "nonsense",
      `${header}.${forge({ exp: claims.exp + 1000 })}.${signature}`,
      `${header}.${forge({ url: `${bucket}/signed/one.txt` })}.${signature}`,
      `${none}.${payload}.`,
      environment.anonKey,
      environment.serviceRoleKey,
    ];
    for (const token of tokens) {
      const url = new URL(signedUrl);
      url.searchParams.set("token", token);
      expect((await fetch(url)).status).toBe(400);
    }
    expect((await files.createSignedUrl("signed/two.txt", 0)).error).toMatchObject({ statusCode: "400" });
    expect((await files.createSignedUrl("signed/two.txt", -5)).error).toMatchObject({ statusCode: "400" });
  });

  it("for uploads say whether they may replace", async () => {
    const strict = expectData(await files.createSignedUploadUrl("signed/up.txt"));
    expectData(await files.uploadToSignedUrl("signed/up.txt", strict.token, "first"));
    expect((await files.uploadToSignedUrl("signed/up.txt", strict.token, "second")).error)
      .toMatchObject({ statusCode: "409" });
    expect((await files.createSignedUploadUrl("signed/up.txt")).error).toMatchObject({ statusCode: "409" });
    const lenient = expectData(await files.createSignedUploadUrl("signed/up.txt", { upsert: true }));
    expectData(await files.uploadToSignedUrl("signed/up.txt", lenient.token, "third"));
    expect(await textOf("signed/up.txt")).toBe("third");
    expect((await files.uploadToSignedUrl("signed/other.txt", lenient.token, "elsewhere")).error)
      .toMatchObject({ statusCode: "400" });
  });
});

describe("malformed requests", () => {
  const json = { "content-type": "application/json" };

  it.each<[string, RequestInit]>([
    ["/bucket", { method: "POST", headers: json, body: "{" }],
    ["/bucket", { method: "POST", headers: json, body: "[]" }],
    ["/bucket", { method: "POST", headers: json, body: '{"name":"a/b"}' }],
    ["/bucket", { method: "POST", headers: json, body: '{"name":""}' }],
    ["/bucket?limit=many", {}],
    [`/bucket/${bucket}`, { method: "PUT", headers: json, body: '{"file_size_limit":-1}' }],
    [`/object/list/${bucket}`, { method: "POST", headers: json, body: "" }],
    [`/object/list/${bucket}`, {
      method: "POST",
      headers: json,
      body: '{"sortBy":{"column":"name; drop table storage.objects"}}',
    }],
    [`/object/list/${bucket}`, { method: "POST", headers: json, body: '{"prefix":"\\u0000"}' }],
    [`/object/list/${bucket}`, { method: "POST", headers: json, body: '{"limit":1000000}' }],
    ["/object/move", { method: "POST", headers: json, body: '{"bucketId":5}' }],
    [`/object/${bucket}`, { method: "DELETE", headers: json, body: '{"prefixes":[]}' }],
    [`/object/${bucket}/form.txt`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=x" },
      body: "no form",
    }],
    [`/object/${bucket}/form.txt`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data" },
      body: "no form",
    }],
    [`/object/${bucket}/meta.txt`, { method: "POST", headers: { "x-metadata": "!!" }, body: "x" }],
    [`/object/sign/${bucket}/a.txt`, { method: "POST", headers: json, body: '{"expiresIn":"soon"}' }],
  ])("%s %j is refused, not failed on", async (path, init) => {
    const { status, statusCode, message } = await refusal(call(path, init));
    expect([status, statusCode]).toEqual([400, "400"]);
    expect(message).not.toBe("");
    expect((await files.exists("form.txt")).data).toBe(false);
  });

  it("a request without a token is refused", async () => {
    const response = await fetch(`${environment.apiUrl}/storage/v1/object/list/${bucket}`, {
      method: "POST",
      headers: json,
      body: '{"prefix":""}',
    });
    expect(response.status).toBe(400);
  });
});

describe("races", () => {
  it("of uploads under one name have one winner, and its bytes whole", async () => {
    const contents = Array.from({ length: 10 }, (_, index) => String(index).repeat(50_000));
    const answers = await Promise.all(contents.map((content) => files.upload("race/new.txt", content)));
    expect(answers.filter(({ error }) => error === null)).toHaveLength(1);
    for (const { error } of answers) if (error) expect(error).toMatchObject({ statusCode: "409" });
    const winner = answers.findIndex(({ error }) => error === null);
    expect(await textOf("race/new.txt")).toBe(contents[winner]);
  });

  it("of replacing and reading show one version or another, never parts or nothing", async () => {
    const contents = Array.from(
      { length: 20 },
      (_, index) => String.fromCharCode(97 + index).repeat(100_000),
    );
    expectData(await files.upload("race/live.txt", contents[0] ?? ""));
    let writing = true;
    const readers = Array.from({ length: 4 }, async () => {
      while (writing) expect(contents).toContain(await textOf("race/live.txt"));
    });
    for (const content of contents) {
      expectData(await files.upload("race/live.txt", content, { upsert: true }));
    }
    writing = false;
    await Promise.all(readers);
    expect(await textOf("race/live.txt")).toBe(contents.at(-1));
  });

  it("an upload that its client breaks off leaves nothing", async () => {
    const abort = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(100_000)),
      pull: () => {
        abort.abort();
        return new Promise(() => {});
      },
    });
    const init = { method: "POST", body, duplex: "half", signal: abort.signal } as RequestInit;
    await expect(call(`/object/${bucket}/broken/off.bin`, init)).rejects.toThrow();
    expect(expectData(await files.list("broken"))).toEqual([]);
  });
});
