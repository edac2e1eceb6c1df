import { z } from "zod";
import { checkPhone } from "../accounts.ts";
import { adminActor, audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requireAdmin } from "../call.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { removeFactor } from "../factors.ts";
import { readBody } from "../json-body.ts";
import { pageHeaders, pathId, pathUser, readPage } from "./admin.ts";
import type { Factor } from "../users.ts";
import { factorJson, factorsOf, lockUser } from "../users.ts";

const factorBody = z.object({ friendly_name: z.string().optional(), phone: z.string().optional() });

async function pathFactor(call: Call): Promise<Factor> {
  const user = await pathUser(call);
  const id = pathId(call, "factor_id");
  const factor = (await factorsOf(call.sql, user.id)).find((one) => one.id === id);
  if (factor === undefined) throw new AuthError(404, "mfa_factor_not_found", "Factor not found");
  return factor;
}

/** GET /admin/users/<id>/factors */
export async function listFactorsAsAdmin(call: Call): Promise<Response> {
  await requireAdmin(call);
  const user = await pathUser(call);
  return call.c.json((await factorsOf(call.sql, user.id)).map(factorJson));
}

/** DELETE /admin/users/<id>/factors/<id> */
export async function deleteFactorAsAdmin(call: Call): Promise<Response> {
  await requireAdmin(call);
  const factor = await pathFactor(call);
  await call.sql.begin(async (sql) => {
    await lockUser(sql, factor.user_id);
    await removeFactor(sql, factor);
    await audit(sql, call, adminActor, "factor_deleted", { user_id: factor.user_id, factor_id: factor.id });
  });
  return call.c.json(factorJson(factor));
}

/** PUT /admin/users/<id>/factors/<id> */
export async function updateFactorAsAdmin(call: Call): Promise<Response> {
  await requireAdmin(call);
  const factor = await pathFactor(call);
  const body = await readBody(call.c, factorBody);
  const phone = body.phone && factor.factor_type === "phone" ? checkPhone(body.phone) : factor.phone;
  const updated = await call.sql.begin(async (sql) => {
    const rows = await sql<Factor[]>`
      update auth.mfa_factors
      set friendly_name = ${body.friendly_name || factor.friendly_name}, phone = ${phone}, updated_at = now()
      where id = ${factor.id} returning *`;
    await audit(sql, call, adminActor, "factor_updated", { user_id: factor.user_id, factor_id: factor.id });
    return rows[0] ?? factor;
  });
  return call.c.json(factorJson(updated));
}

const auditFields: Record<string, string[]> = {
  author: ["actor_username", "actor_name"],
  action: ["action"],
  type: ["log_type"],
};

/** GET /admin/audit */
export async function listAudit(call: Call): Promise<Response> {
  await requireAdmin(call);
  const { sql } = call;
  const page = readPage(call);
  const query = call.c.req.query("query") ?? "";
  const [field, ...rest] = query.split(":");
  const keys = auditFields[field ?? ""];
  if (query !== "" && (keys === undefined || rest.length === 0)) {
    throw validationFailed(`Invalid query scope: ${query}`);
  }
  const pattern = `%${rest.join(":")}%`;
  const conditions = (keys ?? []).map((key) => sql`payload ->> ${key} ilike ${pattern}`);
  const where = conditions.reduce(
    (sofar, condition, index) => index === 0 ? sql`where ${condition}` : sql`${sofar} or ${condition}`,
    sql``,
  );
  const [counted] = await sql<
    { total: number }[]
  >`select count(*)::int as total from auth.audit_log_entries ${where}`;
  const entries = await sql<{ created_at: Date }[]>`
    select id, payload, created_at, ip_address from auth.audit_log_entries ${where}
    order by created_at desc limit ${page.size} offset ${(page.number - 1) * page.size}`;
  const headers = pageHeaders(call, page, counted?.total ?? 0);
  return call.c.json(
    entries.map((entry) => ({ ...entry, created_at: entry.created_at.toISOString() })),
    200,
    headers,
  );
}
