import { Hono } from "hono";
import * as z from "zod";
import { asCaller } from "./caller.ts";
import { bucketNotFound, invalidKey, invalidRequest, StorageError } from "./errors.ts";
import { readJson } from "./requests.ts";
import type { Service } from "./service.ts";

const columns = [
  "id",
  "name",
  "owner",
  "public",
  "type",
  "file_size_limit",
  "allowed_mime_types",
  "created_at",
  "updated_at",
];

const units = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** A size as clients may write it: a number of bytes, or "20MB". */
const fileSize = z.union([z.number(), z.string()]).transform((size, context) => {
  const [, number, unit = "b"] = /^([0-9]+(?:\.[0-9]+)?)(gb|mb|kb|b)?$/i.exec(String(size)) ?? [];
  const bytes = Math.floor(Number(number) * units[unit.toLowerCase() as keyof typeof units]);
  if (bytes >= 1) return bytes;
  context.addIssue({
    code: "custom",
    message: "invalid file size format, hint: use 20GB / 20MB / 30KB / 3B",
  });
  return z.NEVER;
});

const settings = z.object({
  public: z.boolean().optional(),
  file_size_limit: fileSize.nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

const listing = z.object({
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  offset: z.coerce.number().int().min(0).default(0),
  search: z.string().default(""),
  sortColumn: z.enum(["id", "name", "created_at", "updated_at"]).default("name"),
  sortOrder: z.enum(["asc", "desc"]).default("asc"),
});

const validName = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** The addresses under /bucket. */
export function buckets({ sql, files, tokens }: Service): Hono {
  const app = new Hono();

  app.get("/", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const asked = listing.safeParse(c.req.query());
    if (!asked.success) throw invalidRequest(z.prettifyError(asked.error));
    const { limit = null, offset, search, sortColumn, sortOrder } = asked.data;
    return c.json(
      await asCaller(sql, caller, "storage.bucket.list", (transaction) =>
        transaction`
      select ${transaction(columns)}
      from storage.buckets
      where strpos(lower(name), lower(${search}::text)) > 0
      order by ${transaction(sortColumn)} ${sortOrder === "asc" ? transaction`asc` : transaction`desc`}, id
      limit ${limit}::integer offset ${offset}
    `),
    );
  });

  app.post("/", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const body = await readJson(c, settings.extend({ id: z.string().optional(), name: z.string() }));
    const { name, id = name } = body;
    if (!validName.test(id)) throw invalidKey(id);
    await asCaller(sql, caller, "storage.bucket.create", (transaction) =>
      transaction`
      insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
      values (
        ${id}, ${name}, ${caller.sub ?? null}::uuid, ${caller.sub ?? null}, ${body.public ?? false},
        ${body.file_size_limit ?? null}, ${body.allowed_mime_types ?? null}
      )
    `);
    return c.json({ name: id });
  });

  app.get("/:id", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const [bucket] = await asCaller(sql, caller, "storage.bucket.get", (transaction) =>
      transaction`
      select ${transaction(columns)} from storage.buckets where id = ${c.req.param("id")}
    `);
    if (bucket === undefined) throw bucketNotFound();
    return c.json(bucket);
  });

  app.put("/:id", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const body = await readJson(c, settings);
    const changes = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const changed = await asCaller(sql, caller, "storage.bucket.update", (transaction) =>
      transaction`
      update storage.buckets set ${transaction({ ...changes, updated_at: new Date() })} where id = ${
        c.req.param("id")
      }
    `);
    if (changed.count === 0) throw bucketNotFound();
    return c.json({ message: "Successfully updated" });
  });

  app.post("/:id/empty", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const removed = await asCaller(sql, caller, "storage.bucket.empty", async (transaction) => {
      const [bucket] = await transaction`select id from storage.buckets where id = ${c.req.param("id")}`;
      if (bucket === undefined) throw bucketNotFound();
      return await transaction<{ version: string | null }[]>`
        delete from storage.objects where bucket_id = ${c.req.param("id")} returning version
      `;
    });
    await files.remove(removed.map(({ version }) => version));
    return c.json({ message: "Empty bucket has been queued. Completion may take up to an hour." });
  });

  app.delete("/:id", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const id = c.req.param("id");
    const [holder] = await sql`select from storage.objects where bucket_id = ${id} limit 1`;
    if (holder !== undefined) {
      throw new StorageError(
        409,
        "ResourceNotEmpty",
        "ResourceNotEmpty",
        "The bucket you tried to delete is not empty",
      );
    }
    const deleted = await asCaller(sql, caller, "storage.bucket.delete", (transaction) =>
      transaction`
      delete from storage.buckets where id = ${id}
    `);
    if (deleted.count === 0) throw bucketNotFound();
    return c.json({ message: "Successfully deleted" });
  });

  return app;
}
