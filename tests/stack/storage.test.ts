import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environment } from "../support/environment.ts";
import { database } from "../support/database.ts";
import { expectData, newClient, type Person, signInGuest } from "../support/people.ts";

const service = newClient(environment.secretKey);
const bucket = `private-${randomUUID()}`;
const open = `public-${randomUUID()}`;
let guest: Person;
let other: Person;

/** Policies for this file's bucket only, dropped afterwards: a folder for each user. */
const policies = {
  "test: upload to one's own folder": "for insert to authenticated with check",
  "test: read one's own folder": "for select to authenticated using",
  "test: delete from one's own folder": "for delete to authenticated using",
};

beforeAll(async () => {
  expectData(
    await service.storage.createBucket(bucket, {
      public: false,
      fileSizeLimit: "1KB",
      allowedMimeTypes: ["text/*"],
    }),
  );
  expectData(await service.storage.createBucket(open, { public: true }));
  for (const [name, clause] of Object.entries(policies)) {
    await database.unsafe(
      `create policy "${name}" on storage.objects ${clause}
       (bucket_id = '${bucket}' and (storage.foldername(name))[1] = (select auth.uid())::text)`,
    );
  }
  guest = await signInGuest();
  other = await signInGuest();
});

afterAll(async () => {
  for (const name of Object.keys(policies)) {
    await database.unsafe(`drop policy if exists "${name}" on storage.objects`);
  }
  for (const id of [bucket, open]) {
    await service.storage.emptyBucket(id);
    expectData(await service.storage.deleteBucket(id));
  }
  await database.end();
});

function text(content: string, type = "text/plain"): Blob {
  return new Blob([content], { type });
}

async function statusOf(answer: Promise<{ error: unknown }>): Promise<string> {
  const { error } = await answer;
  return error !== null && typeof error === "object" && "statusCode" in error
    ? String(error.statusCode)
    : "200";
}

describe("rights", () => {
  it("go by the policies on storage.objects, with the caller's own role and claims", async () => {
    const mine = guest.client.storage.from(bucket);
    const theirs = other.client.storage.from(bucket);
    const name = `${guest.userId}/rights.txt`;
    expect(await statusOf(theirs.upload(name, text("foreign")))).toBe("403");
    expect(await statusOf(newClient().storage.from(bucket).upload(name, text("nobody")))).toBe("403");
    expectData(await mine.upload(name, text("mine")));
    expect(await statusOf(theirs.download(name))).toBe("404");
    expect(await statusOf(newClient().storage.from(bucket).download(name))).toBe("404");
    expect(await statusOf(theirs.createSignedUrl(name, 60))).toBe("404");
    expect(expectData(await theirs.list(guest.userId))).toEqual([]);
    expect(expectData(await theirs.remove([name]))).toEqual([]);
    expect(await expectData(await mine.download(name)).text()).toBe("mine");
    expect(await expectData(await service.storage.from(bucket).download(name)).text()).toBe("mine");
  });

  it("are refused to a token that nobody signed", async () => {
    const answer = await fetch(`${environment.apiUrl}/storage/v1/object/list/${bucket}`, {
      method: "POST",
      headers: {
        authorization: "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.",
        "content-type": "application/json",
      },
      body: JSON.stringify({ prefix: "" }),
    });
    expect(await answer.json()).toMatchObject({ statusCode: "403", error: "Unauthorized" });
  });

  it("keep buckets for the service role", async () => {
    expect(await statusOf(guest.client.storage.createBucket(`mine-${randomUUID()}`))).toBe("403");
    expect(expectData(await guest.client.storage.listBuckets())).toEqual([]);
    expect(expectData(await service.storage.getBucket(bucket))).toMatchObject({
      id: bucket,
      public: false,
      file_size_limit: 1000,
    });
  });
});

describe("uploads", () => {
  it("come as a form, as bytes and as a stream", async () => {
    const files = service.storage.from(bucket);
    expectData(await files.upload("ways/form.txt", text("form")));
    expectData(await files.upload("ways/bytes.txt", Buffer.from("bytes"), { contentType: "text/csv" }));
    expectData(
      await files.upload("ways/stream.txt", text("stream").stream(), {
        contentType: "text/plain",
        duplex: "half",
      }),
    );
    for (const [name, type] of [["form", "text/plain"], ["bytes", "text/csv"], ["stream", "text/plain"]]) {
      const file = expectData(await files.download(`ways/${name}.txt`));
      expect([await file.text(), file.type.split(";")[0]]).toEqual([name, type]);
    }
  });

  it("keep what is there unless asked to replace it", async () => {
    const files = service.storage.from(bucket);
    expectData(await files.upload("twice.txt", text("first")));
    expect(await statusOf(files.upload("twice.txt", text("second")))).toBe("409");
    expect(await expectData(await files.download("twice.txt")).text()).toBe("first");
    expectData(await files.upload("twice.txt", text("second"), { upsert: true }));
    expect(await expectData(await files.download("twice.txt")).text()).toBe("second");
    expectData(await files.update("twice.txt", text("third")));
    expect(await expectData(await files.download("twice.txt")).text()).toBe("third");
  });

  it("obey the bucket's size and types and the rules for keys", async () => {
    const files = service.storage.from(bucket);
    expect(await statusOf(files.upload("large.txt", text("x".repeat(1001))))).toBe("413");
    const stream = text("x".repeat(100_000)).stream();
    expect(await statusOf(files.upload("large.txt", stream, { contentType: "text/plain", duplex: "half" })))
      .toBe("413");
    expect(await statusOf(files.upload("picture.png", text("x", "image/png")))).toBe("415");
    expect(await statusOf(files.upload("Björk.txt", text("x")))).toBe("400");
    expect(await statusOf(service.storage.from("no-such-bucket").upload("a.txt", text("x")))).toBe("404");
    expect(expectData(await files.list("", { search: "large" }))).toEqual([]);
  });
});

describe("objects", () => {
  it("are listed by folder, moved, copied, described and removed", async () => {
    const files = service.storage.from(bucket);
    expectData(await files.upload("shelf/a.txt", text("a")));
    expectData(await files.upload("shelf/deep/b.txt", text("b")));
    expect(expectData(await files.list("shelf")).map(({ name, id }) => [name, id !== null])).toEqual([
      ["deep", false],
      ["a.txt", true],
    ]);
    expectData(await files.move("shelf/a.txt", "shelf/moved.txt"));
    expectData(await files.copy("shelf/moved.txt", "shelf/copied.txt"));
    expect(expectData(await files.exists("shelf/moved.txt"))).toBe(true);
    expect((await files.exists("shelf/a.txt")).data).toBe(false);
    const description = expectData(await files.info("shelf/copied.txt"));
    expect(description).toMatchObject({ size: 1, contentType: "text/plain", metadata: {} });
    expect(description.lastModified).toBeDefined();
    expect(description).not.toHaveProperty("updatedAt");
    expect(expectData(await files.listV2({ with_delimiter: true })).folders).toContainEqual(
      { key: "shelf", name: "shelf/" },
    );
    expect(expectData(await files.remove(["shelf/moved.txt", "shelf/none.txt"])).map(({ name }) => name))
      .toEqual(["shelf/moved.txt"]);
    expect(await expectData(await files.download("shelf/copied.txt")).text()).toBe("a");
  });

  it("of a public bucket are open, those of a private one are not", async () => {
    expectData(await service.storage.from(open).upload("poster.txt", text("tonight")));
    const { publicUrl } = service.storage.from(open).getPublicUrl("poster.txt").data;
    expect(await (await fetch(publicUrl)).text()).toBe("tonight");
    expectData(await service.storage.from(bucket).upload("secret.txt", text("secret")));
    const hidden = await fetch(service.storage.from(bucket).getPublicUrl("secret.txt").data.publicUrl);
    expect(hidden.status).toBe(400);
    expect(await hidden.json()).toMatchObject({ statusCode: "404" });
  });

  it("cannot be deleted past the service", async () => {
    const attempt = database`delete from storage.objects where bucket_id = ${bucket}`;
    await expect(attempt).rejects.toBeInstanceOf(postgres.PostgresError);
  });
});

describe("buckets", () => {
  it("are nobody's who brings no token", async () => {
    const answer = await fetch(`${environment.apiUrl}/storage/v1/bucket`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ statusCode: "403", message: "Invalid Compact JWS" });
  });

  it("go only when they are empty", async () => {
    const id = `full-${randomUUID()}`;
    expectData(await service.storage.createBucket(id));
    expectData(await service.storage.from(id).upload("one.txt", text("one")));
    const { error } = await service.storage.deleteBucket(id);
    expect(error).toMatchObject({
      statusCode: "409",
      message: "The bucket you tried to delete is not empty",
    });
    expect(expectData(await service.storage.emptyBucket(id)).message).toContain("has been queued");
    // The real service empties it in its own time.
    await expect.poll(async () => (await service.storage.deleteBucket(id)).error, { timeout: 20_000 })
      .toBeNull();
  });
});

describe("signed addresses", () => {
  it("open one object for a while, for reading only", async () => {
    const files = service.storage.from(bucket);
    expectData(await files.upload("signed.txt", text("signed")));
    const { signedUrl } = expectData(await files.createSignedUrl("signed.txt", 60));
    expect(await (await fetch(signedUrl)).text()).toBe("signed");
    const foreign = await fetch(signedUrl.replace("signed.txt", "secret.txt"));
    expect(await foreign.json()).toMatchObject({ error: "InvalidSignature", message: "Invalid signature" });
    const unsigned = await fetch(signedUrl.replace(/token=.*/, "token=nonsense"));
    expect(await unsigned.json()).toMatchObject({ statusCode: "400", error: "InvalidJWT" });
    const token = new URL(signedUrl).searchParams.get("token") ?? "";
    expect(await statusOf(files.uploadToSignedUrl("signed.txt", token, text("overwritten")))).toBe("400");

    const brief = expectData(await files.createSignedUrl("signed.txt", 1)).signedUrl;
    await expect.poll(async () => (await fetch(brief)).status, { timeout: 5000 }).toBe(400);
  });

  it("let somebody without an account upload one object", async () => {
    const { path, token } = expectData(
      await service.storage.from(bucket).createSignedUploadUrl("drop/box.txt"),
    );
    const visitor = newClient().storage.from(bucket);
    expectData(await visitor.uploadToSignedUrl(path, token, text("dropped")));
    expect(await expectData(await service.storage.from(bucket).download(path)).text()).toBe("dropped");
    expect(await statusOf(visitor.uploadToSignedUrl(path, token, text("again")))).toBe("409");
    expect(await statusOf(visitor.createSignedUploadUrl("drop/other.txt"))).toBe("403");
  });
});
