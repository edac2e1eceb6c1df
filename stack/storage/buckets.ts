import { Hono } from "hono";
import * as z from "zod";
import { asCaller } from "./caller.ts";
import { bucketNotFound, invalidKey, invalidRequest, StorageError } from "./errors.ts";
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

const settings = z.object({
  public: z.boolean().optional(),
  file_size_limit: z.coerce.number().int().positive().nullish(),
  allowed_mime_types: z.array(z.string()).nullish(),
});

const validName = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** The addresses under /bucket. */
export function buckets({ sql, files, tokens }: Service): Hono {
  const app = new Hono();

  app.get("/", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    return c.json(
      await asCaller(sql, caller, "storage.bucket.list", (transaction) =>
        transaction`
      select ${transaction(columns)} from storage.buckets order by name
    `),
    );
  });

  app.post("/", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const body = settings.extend({ id: z.string().optional(), name: z.string() }).safeParse(
      await c.req.json(),
    );
    if (!body.success) throw invalidRequest(z.prettifyError(body.error));
    const { name, id = name } = body.data;
    if (!validName.test(id)) throw invalidKey(id);
    await asCaller(sql, caller, "storage.bucket.create", (transaction) =>
      transaction`
      insert into storage.buckets (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
      values (
        ${id}, ${name}, ${caller.sub ?? null}::uuid, ${caller.sub ?? null}, ${body.data.public ?? false},
        ${body.data.file_size_limit ?? null}, ${body.data.allowed_mime_types ?? null}
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
    const body = settings.safeParse(await c.req.json());
    if (!body.success) throw invalidRequest(z.prettifyError(body.error));
    const changes = Object.fromEntries(Object.entries(body.data).filter(([, value]) => value !== undefined));
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
    return c.json({ message: "Successfully emptied" });
  });

  app.delete("/:id", async (c) => {
    const caller = await tokens.caller(c.req.header("authorization"));
    const id = c.req.param("id");
    const [holder] = await sql`select from storage.objects where bucket_id = ${id} limit 1`;
    if (holder !== undefined) {
      throw new StorageError(
        409,
        "InvalidRequest",
        "InvalidRequest",
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
