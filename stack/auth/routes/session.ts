import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requireUser } from "../call.ts";
import { AuthError, validationFailed } from "../errors.ts";
import { sendReauthentication } from "../messages.ts";
import { deleteSessions } from "../sessions.ts";
import { lockUser } from "../users.ts";

/** POST /logout */
export async function logout(call: Call): Promise<Response> {
  const { user, session } = await requireUser(call);
  const scope = call.c.req.query("scope") || "global";
  if (scope !== "global" && scope !== "local" && scope !== "others") {
    throw validationFailed(`Unsupported logout scope "${scope}"`);
  }
  await call.sql.begin(async (sql) => {
    await audit(sql, call, user, "logout");
    if (session === undefined || scope === "global") await deleteSessions(sql, user.id);
    else if (scope === "others") await deleteSessions(sql, user.id, session.id);
    else await sql`delete from auth.sessions where id = ${session.id}`;
  });
  return new Response(null, { status: 204 });
}

/** GET /reauthenticate */
export async function reauthenticate(call: Call): Promise<Response> {
  const { user } = await requireUser(call);
  if (!user.email && !user.phone) {
    throw validationFailed("Reauthentication requires the user to have an email or a phone number");
  }
  if (user.email && user.email_confirmed_at === null) {
    throw new AuthError(422, "email_not_confirmed", "Please verify your email first.");
  }
  if (!user.email && user.phone_confirmed_at === null) {
    throw new AuthError(422, "phone_not_confirmed", "Please verify your phone first.");
  }
  await call.sql.begin(async (sql) => {
    await audit(sql, call, user, "user_reauthenticate_requested");
    await sendReauthentication(call, sql, await lockUser(sql, user.id));
  });
  return call.c.json({});
}
