import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import type { JWTPayload } from "jose";
import type postgres from "postgres";
import * as z from "zod";
import { asCaller, type Caller, probe } from "./caller.ts";
import {
  bucketNotFound,
  invalidKey,
  invalidRange,
  invalidRequest,
  objectNotFound,
  StorageError,
  tooLarge,
} from "./errors.ts";
import { readJson, readRange } from "./requests.ts";
import type { Service } from "./service.ts";

interface Metadata {
  eTag: string;
  size: number;
  mimetype: string;
  cacheControl: string;
  lastModified: string;
  contentLength: number;
  contentEncoding?: string;
  httpStatusCode: number;
}

interface StoredObject {
  id: string;
  name: string;
  bucket_id: string;
  version: string;
  metadata: Metadata;
  user_metadata: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
  last_accessed_at: Date;
}

/** One line of a list: an object, or a folder of some. */
interface Entry {
  key: string;
  is_folder: boolean;
  sort_value: string;
  id: string;
  updated_at: Date;
  created_at: Date;
  last_accessed_at: Date;
  metadata: Metadata;
}

interface Bucket {
  id: string;
  public: boolean;
  file_size_limit: number | null;
  allowed_mime_types: string[] | null;
}

/** What an upload brings, however it was sent. */
interface Upload {
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  mimetype: string;
  cacheControl: string;
  contentEncoding: string | undefined;
  userMetadata: Record<string, unknown> | null;
}

const validKey = /^[\w/!.*'() &$@=;:+,?-]{1,1024}$/;
const secondsToUpload = 2 * 60 * 60;

const names = z.array(z.string()).min(1).max(1000);
const seconds = z.number().int().positive();
const listing = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().min(1).max(1000).default(100),
  offset: z.number().int().min(0).default(0),
  search: z.string().default(""),
  sortBy: z.object({
    column: z.enum(["name", "created_at", "updated_at", "last_accessed_at"]).default("name"),
    order: z.enum(["asc", "desc"]).default("asc"),
  }).prefault({}),
});
const pagedListing = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().min(1).max(1000).default(1000),
  cursor: z.string().optional(),
  with_delimiter: z.boolean().default(false),
  sortBy: z.object({
    column: z.enum(["name", "created_at", "updated_at"]).default("name"),
    order: z.enum(["asc", "desc"]).default("asc"),
  }).prefault({}),
});
/** Where a page of a list has ended. */
const listPosition = z.tuple([z.string(), z.string()]);
const relocation = z.object({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
});

/** The key of an address: everything after its bucket. */
function keyOf(c: Context): string {
  const key = c.req.param("key") ?? "";
  if (!validKey.test(key)) throw invalidKey(key);
  return key;
}

function userMetadata(text: string | undefined): Record<string, unknown> | null {
  if (text === undefined) return null;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw invalidRequest("The metadata must be a JSON object.");
  }
}

/** Browsers send a form, other programs the bytes themselves. */
async function readUpload(c: Context, limit: number): Promise<Upload> {
  const contentType = c.req.header("content-type") ?? "application/octet-stream";
  // A form adds a few hundred bytes around its file.
  if (Number(c.req.header("content-length") ?? 0) > limit + 10_000) throw tooLarge();
  if (contentType.startsWith("multipart/form-data")) {
    const form = await c.req.formData().catch(() => {
      throw invalidRequest("The form cannot be read.");
    });
    const file = [...form.values()].find((value) => value instanceof File);
    if (!(file instanceof File)) throw invalidRequest("The form has no file.");
    const cacheControl = form.get("cacheControl");
    const metadata = form.get("metadata");
    return {
      body: [new Uint8Array(await file.arrayBuffer())],
      mimetype: file.type || "application/octet-stream",
      cacheControl: typeof cacheControl === "string" ? `max-age=${cacheControl}` : "no-cache",
      contentEncoding: undefined,
      userMetadata: userMetadata(typeof metadata === "string" ? metadata : undefined),
    };
  }
  const metadata = c.req.header("x-metadata");
  return {
    body: c.req.raw.body ?? [],
    mimetype: contentType,
    cacheControl: c.req.header("cache-control") ?? "no-cache",
    contentEncoding: c.req.header("content-encoding"),
    userMetadata: userMetadata(
      metadata === undefined ? undefined : Buffer.from(metadata, "base64").toString(),
    ),
  };
}

function writeCursor(position: z.infer<typeof listPosition>): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function readCursor(text: string): z.infer<typeof listPosition> {
  try {
    return listPosition.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
  } catch {
    throw invalidRequest("The cursor is none of this list.");
  }
}

function acceptsType({ allowed_mime_types: allowed }: Bucket, mimetype: string): boolean {
  const type = mimetype.split(";")[0]?.trim() ?? "";
  return allowed === null || allowed.length === 0 ||
    allowed.some((one) =>
      one === type || one === "*/*" || (one.endsWith("/*") && type.startsWith(one.slice(0, -1)))
    );
}

function ownerOf(caller: Caller): { owner: string | null; owner_id: string | null } {
  const sub = caller.role === "service_role" ? undefined : caller.sub;
  return { owner: z.uuid().safeParse(sub).success ? sub ?? null : null, owner_id: sub ?? null };
}

/** The addresses under /object. */
export function objects({ sql, files, tokens, sizeLimit }: Service): Hono {
  const app = new Hono();

  async function bucketOf(id: string): Promise<Bucket> {
    const [bucket] = await sql<Bucket[]>`
      select id, coalesce(public, false) as public, file_size_limit, allowed_mime_types from storage.buckets where id = ${id}
    `;
    if (bucket === undefined) throw bucketNotFound();
    return bucket;
  }

  /** An object as the caller sees it. */
  async function find(
    caller: Caller,
    operation: string,
    bucketId: string,
    key: string,
  ): Promise<StoredObject> {
    await bucketOf(bucketId);
    const [object] = await asCaller(sql, caller, operation, (transaction) =>
      transaction<StoredObject[]>`
      select * from storage.objects where bucket_id = ${bucketId} and name = ${key}
    `);
    if (object === undefined) throw objectNotFound();
    return object;
  }

  /** An object behind an address that is open: of a public bucket, or signed. */
  async function findOpen(bucketId: string, key: string): Promise<StoredObject> {
    const [object] = await sql<StoredObject[]>`
      select * from storage.objects where bucket_id = ${bucketId} and name = ${key}
    `;
    if (object === undefined) throw objectNotFound();
    return object;
  }

  async function findPublic(bucketId: string, key: string): Promise<StoredObject> {
    if (!(await bucketOf(bucketId)).public) throw bucketNotFound();
    return await findOpen(bucketId, key);
  }

  /** Answers with an object's bytes. It is looked up again when it was replaced in the meantime. */
  async function send(c: Context, look: () => Promise<StoredObject>): Promise<Response> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const object = await look();
      const { metadata } = object;
      const headers = headersOf(object, c.req.query("download"));
      if (isKnown(c, metadata)) return new Response(null, { status: 304, headers });
      if (c.req.method === "HEAD") return new Response(null, { headers });

      const isSame = [undefined, metadata.eTag].includes(c.req.header("if-range"));
      const part = isSame ? readRange(c.req.header("range"), metadata.size) : undefined;
      if (part === null) throw invalidRange();
      const body = await files.open(object.version, part);
      if (body === undefined) continue;
      if (part === undefined) return new Response(body, { headers });
      headers.set("content-range", `bytes ${part.start}-${part.end}/${metadata.size}`);
      headers.set("content-length", String(part.end - part.start + 1));
      return new Response(body, { status: 206, headers });
    }
    throw objectNotFound();
  }

  function headersOf({ metadata }: StoredObject, download: string | undefined): Headers {
    const headers = new Headers({
      "content-type": metadata.mimetype,
      "content-length": String(metadata.size),
      "accept-ranges": "bytes",
      "cache-control": metadata.cacheControl,
      "etag": metadata.eTag,
      "last-modified": new Date(metadata.lastModified).toUTCString(),
    });
    if (metadata.contentEncoding !== undefined) headers.set("content-encoding", metadata.contentEncoding);
    if (download === "") headers.set("content-disposition", "attachment;");
    else if (download !== undefined) {
      const file = encodeURIComponent(download);
      headers.set("content-disposition", `attachment; filename=${file}; filename*=UTF-8''${file};`);
    }
    return headers;
  }

  /** Whether the client has this very version already. */
  function isKnown(c: Context, { eTag, lastModified }: Metadata): boolean {
    const known = c.req.header("if-none-match");
    if (known !== undefined) return known === eTag;
    const since = Date.parse(c.req.header("if-modified-since") ?? "");
    return Math.floor(Date.parse(lastModified) / 1000) * 1000 <= since;
  }

  function describe(object: StoredObject): Response {
    const { id, name, bucket_id, version, metadata, user_metadata, created_at } = object;
    return Response.json({
      id,
      name,
      bucket_id,
      version,
      size: metadata.size,
      content_type: metadata.mimetype,
      cache_control: metadata.cacheControl,
      etag: metadata.eTag,
      last_modified: metadata.lastModified,
      metadata: user_metadata ?? {},
      created_at,
    });
  }

  /** Writes the row as the caller may. */
  function writeRow(row: Record<string, unknown>, replace: boolean) {
    return (transaction: postgres.Sql | postgres.TransactionSql) => {
      const columns = transaction(row as Record<string, string>);
      return replace
        ? transaction`
            insert into storage.objects ${columns}
            on conflict (bucket_id, name) do update set
              version = excluded.version, metadata = excluded.metadata, user_metadata = excluded.user_metadata,
              owner = excluded.owner, owner_id = excluded.owner_id
          `
        : transaction`insert into storage.objects ${columns}`;
    };
  }

  async function store(
    c: Context,
    caller: Caller,
    replace: boolean,
    isAllowed = false,
  ): Promise<{ id: string; key: string }> {
    const bucket = await bucketOf(c.req.param("bucket") ?? "");
    const key = keyOf(c);
    const limit = Math.min(sizeLimit, bucket.file_size_limit ?? sizeLimit);
    const operation = replace ? "storage.object.upload_update" : "storage.object.upload";
    const upload = await readUpload(c, limit);
    if (!acceptsType(bucket, upload.mimetype)) {
      throw new StorageError(
        415,
        "InvalidMimeType",
        "invalid_mime_type",
        `mime type ${upload.mimetype} is not supported`,
      );
    }
    const row = {
      id: randomUUID(),
      bucket_id: bucket.id,
      name: key,
      ...ownerOf(caller),
      user_metadata: upload.userMetadata,
    };
    const size = Number(c.req.header("content-length") ?? 0);
    const asked = { ...row, metadata: { mimetype: upload.mimetype, contentLength: size } };
    if (!isAllowed) await probe(sql, caller, operation, writeRow(asked, replace));
    const { version, size: length, eTag } = await files.write(upload.body, limit);
    const metadata: Metadata = {
      eTag,
      size: length,
      mimetype: upload.mimetype,
      cacheControl: upload.cacheControl,
      lastModified: new Date().toISOString(),
      contentLength: length,
      ...upload.contentEncoding !== undefined && { contentEncoding: upload.contentEncoding },
      httpStatusCode: 200,
    };
    try {
      const replaced = await sql.begin(async (transaction) => {
        const [old] = await transaction<{ version: string | null }[]>`
          select version from storage.objects where bucket_id = ${bucket.id} and name = ${key} for update
        `;
        await writeRow({ ...row, version, metadata }, replace)(transaction);
        return old?.version ?? null;
      });
      await files.remove([replaced]);
    } catch (error) {
      await files.remove([version]);
      throw error;
    }
    const [stored] = await sql<{ id: string }[]>`
      select id from storage.objects where bucket_id = ${bucket.id} and name = ${key}
    `;
    return { id: stored?.id ?? row.id, key };
  }

  // Signed addresses -----------------------------------------------------------------------------------------------

  /** Whether this address was signed, and for this: one that may be read is not one that may be written. */
  async function redeem(c: Context, purpose: "download" | "upload"): Promise<JWTPayload> {
    const payload = await tokens.verify(c.req.query("token") ?? "").catch((error: unknown) => {
      throw error instanceof StorageError
        ? new StorageError(400, "InvalidJWT", "InvalidJWT", error.message)
        : error;
    });
    const path = `${c.req.param("bucket")}/${keyOf(c)}`;
    if (payload["url"] !== path || payload["purpose"] !== purpose) {
      throw new StorageError(
        400,
        "InvalidSignature",
        "InvalidSignature",
        "Invalid signature",
      );
    }
    return payload;
  }

  async function signed(path: string, expiresIn: number): Promise<string> {
    return `/object/sign/${path}?token=${await tokens.sign({ url: path, purpose: "download" }, expiresIn)}`;
  }

  app.post("/upload/sign/:bucket/:key{.+}", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const bucket = await bucketOf(c.req.param("bucket"));
    const key = keyOf(c);
    const upsert = c.req.header("x-upsert") === "true";
    const row = { id: randomUUID(), bucket_id: bucket.id, name: key, ...ownerOf(caller) };
    await probe(sql, caller, "storage.object.sign_upload_url", writeRow(row, upsert));
    const path = `${bucket.id}/${key}`;
    const token = await tokens.sign(
      { url: path, purpose: "upload", owner: row.owner_id, upsert },
      secondsToUpload,
    );
    return c.json({ url: `/object/upload/sign/${path}?token=${token}`, token });
  });

  app.put("/upload/sign/:bucket/:key{.+}", async (c) => {
    const { url, owner, upsert } = await redeem(c, "upload");
    const caller = { role: "authenticated", ...typeof owner === "string" && { sub: owner } };
    await store(c, caller, upsert === true, true);
    return c.json({ Key: url });
  });

  app.post("/sign/:bucket/:key{.+}", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { expiresIn } = await readJson(c, z.object({ expiresIn: seconds }));
    const path = `${c.req.param("bucket")}/${keyOf(c)}`;
    await find(caller, "storage.object.sign", c.req.param("bucket"), keyOf(c));
    return c.json({ signedURL: await signed(path, expiresIn) });
  });

  app.post("/sign/:bucket", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { expiresIn, paths } = await readJson(c, z.object({ expiresIn: seconds, paths: names }));
    const bucket = await bucketOf(c.req.param("bucket"));
    const found = await asCaller(
      sql,
      caller,
      "storage.object.sign_many",
      (transaction) =>
        transaction<{ name: string }[]>`
      select name from storage.objects where bucket_id = ${bucket.id} and name = any (${paths})
    `,
    );
    const visible = new Set(found.map(({ name }) => name));
    return c.json(
      await Promise.all(paths.map(async (name) => {
        const path = `${bucket.id}/${name}`;
        return visible.has(name) ? { error: null, path: name, signedURL: await signed(path, expiresIn) } : {
          error: "Either the object does not exist or you do not have access to it",
          path: name,
          signedURL: null,
        };
      })),
    );
  });

  app.get("/sign/:bucket/:key{.+}", async (c) => {
    await redeem(c, "download");
    return send(c, () => findOpen(c.req.param("bucket"), keyOf(c)));
  });

  // Lists, moves, copies -------------------------------------------------------------------------------------------

  app.post("/list/:bucket", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { prefix, limit, offset, search, sortBy } = await readJson(c, listing);
    const bucket = await bucketOf(c.req.param("bucket"));
    const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
    return c.json(
      await asCaller(sql, caller, "storage.object.list", (transaction) =>
        transaction`
      with
        inside as (
          select object.*, substr(object.name, ${folder.length + 1}::integer) as rest
          from storage.objects as object
          where object.bucket_id = ${bucket.id} and starts_with(object.name, ${folder}::text)
        ),
        entries as (
          select rest as name, id, updated_at, created_at, last_accessed_at, metadata from inside where strpos(rest, '/') = 0
          union all
          select distinct split_part(rest, '/', 1), null::uuid, null::timestamptz, null::timestamptz, null::timestamptz, null::jsonb
          from inside
          where strpos(rest, '/') > 0
        )
      select name, id, updated_at, created_at, last_accessed_at, metadata
      from entries
      where name <> '' and starts_with(lower(name), lower(${search}::text))
      order by id is not null, ${transaction(sortBy.column)} ${
          sortBy.order === "asc" ? transaction`asc` : transaction`desc`
        }, name
      limit ${limit} offset ${offset}
    `),
    );
  });

  app.post("/list-v2/:bucket", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { prefix, limit, cursor, with_delimiter: folded, sortBy } = await readJson(c, pagedListing);
    const bucket = await bucketOf(c.req.param("bucket"));
    const [value, name] = cursor === undefined ? [null, null] : readCursor(cursor);
    const ascending = sortBy.order === "asc";
    const page = await asCaller(
      sql,
      caller,
      "storage.object.list_v2",
      (transaction) =>
        transaction<Entry[]>`
      with
        entries as (
          select
            case when ${folded} and strpos(rest, '/') > 0
              then left(name, length(${prefix}::text) + strpos(rest, '/')) else name
            end as key,
            ${folded} and strpos(rest, '/') > 0 as is_folder,
            object.*
          from storage.objects as object, substr(object.name, length(${prefix}::text) + 1) as rest
          where object.bucket_id = ${bucket.id} and starts_with(object.name, ${prefix}::text)
        ),
        distinct_entries as (
          select distinct on (key) *,
            case when is_folder or ${sortBy.column} = 'name' then '' else to_char(
              ${transaction(sortBy.column === "name" ? "created_at" : sortBy.column)} at time zone 'utc',
              'YYYY-MM-DD"T"HH24:MI:SS.US'
            ) end as sort_value
          from entries order by key
        )
      select key, is_folder, sort_value, id, updated_at, created_at, last_accessed_at, metadata
      from distinct_entries
      where ${value}::text is null
        or (sort_value collate "C", key collate "C") ${
          ascending ? transaction`>` : transaction`<`
        } (${value}::text, ${name}::text)
      order by sort_value collate "C" ${ascending ? transaction`asc` : transaction`desc`},
        key collate "C" ${ascending ? transaction`asc` : transaction`desc`}
      limit ${limit + 1}
    `,
    );
    const shown = page.slice(0, limit);
    const last = shown.at(-1);
    const hasNext = page.length > limit;
    return c.json({
      hasNext,
      ...hasNext && last && { nextCursor: writeCursor([last.sort_value, last.key]) },
      folders: shown.filter(({ is_folder: isFolder }) => isFolder)
        .map(({ key }) => ({ key: key.slice(0, -1), name: key })),
      objects: shown.filter(({ is_folder: isFolder }) => !isFolder).map((
        { is_folder: _folder, sort_value: _value, ...object },
      ) => ({ ...object, name: object.key })),
    });
  });

  app.post("/move", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { bucketId, sourceKey, destinationKey, destinationBucket = bucketId } = await readJson(
      c,
      relocation,
    );
    if (!validKey.test(destinationKey)) throw invalidKey(destinationKey);
    await bucketOf(bucketId);
    await bucketOf(destinationBucket);
    const moved = await asCaller(sql, caller, "storage.object.move", (transaction) =>
      transaction`
      update storage.objects set bucket_id = ${destinationBucket}, name = ${destinationKey}
      where bucket_id = ${bucketId} and name = ${sourceKey}
    `);
    if (moved.count === 0) throw objectNotFound();
    return c.json({ message: "Successfully moved" });
  });

  app.post("/copy", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { bucketId, sourceKey, destinationKey, destinationBucket = bucketId } = await readJson(
      c,
      relocation,
    );
    if (!validKey.test(destinationKey)) throw invalidKey(destinationKey);
    const bucket = await bucketOf(destinationBucket);
    const source = await find(caller, "storage.object.copy", bucketId, sourceKey);
    if (source.metadata.size > (bucket.file_size_limit ?? sizeLimit)) throw tooLarge();
    const version = await files.copy(source.version);
    const { metadata, user_metadata } = source;
    const row = {
      id: randomUUID(),
      bucket_id: bucket.id,
      name: destinationKey,
      ...ownerOf(caller),
      version,
      metadata,
      user_metadata,
    };
    try {
      await asCaller(sql, caller, "storage.object.copy", writeRow(row, c.req.header("x-upsert") === "true"));
    } catch (error) {
      await files.remove([version]);
      throw error;
    }
    return c.json({ Id: row.id, Key: `${bucket.id}/${destinationKey}` });
  });

  // Objects --------------------------------------------------------------------------------------------------------

  app.on(
    ["GET", "HEAD"],
    ["/info/public/:bucket/:key{.+}"],
    async (c) => describe(await findPublic(c.req.param("bucket"), keyOf(c))),
  );

  app.on(["GET", "HEAD"], ["/info/authenticated/:bucket/:key{.+}", "/info/:bucket/:key{.+}"], async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    return describe(await find(caller, "storage.object.info", c.req.param("bucket") ?? "", keyOf(c)));
  });

  app.on(
    ["GET", "HEAD"],
    ["/public/:bucket/:key{.+}"],
    (c) => send(c, () => findPublic(c.req.param("bucket"), keyOf(c))),
  );

  app.on(["GET", "HEAD"], ["/authenticated/:bucket/:key{.+}", "/:bucket/:key{.+}"], async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const bucket = c.req.param("bucket") ?? "";
    return send(c, () => find(caller, "storage.object.get_authenticated", bucket, keyOf(c)));
  });

  app.post("/:bucket/:key{.+}", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { id, key } = await store(c, caller, c.req.header("x-upsert") === "true");
    return c.json({ Id: id, Key: `${c.req.param("bucket")}/${key}` });
  });

  app.put("/:bucket/:key{.+}", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    await find(caller, "storage.object.upload_update", c.req.param("bucket"), keyOf(c));
    const { id, key } = await store(c, caller, true);
    return c.json({ Id: id, Key: `${c.req.param("bucket")}/${key}` });
  });

  async function remove(caller: Caller, bucketId: string, keys: string[]): Promise<StoredObject[]> {
    await bucketOf(bucketId);
    const removed = await asCaller(
      sql,
      caller,
      "storage.object.delete_many",
      (transaction) =>
        transaction<StoredObject[]>`
      delete from storage.objects where bucket_id = ${bucketId} and name = any (${keys}) returning *
    `,
    );
    await files.remove(removed.map(({ version }) => version));
    return removed;
  }

  app.delete("/:bucket/:key{.+}", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const removed = await remove(caller, c.req.param("bucket"), [keyOf(c)]);
    if (removed.length === 0) throw objectNotFound();
    return c.json({ message: "Successfully deleted" });
  });

  app.delete("/:bucket", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const { prefixes } = await readJson(c, z.object({ prefixes: names }));
    return c.json(await remove(caller, c.req.param("bucket"), prefixes));
  });

  return app;
}
