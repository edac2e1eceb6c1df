import { audit } from "../audit.ts";
import type { Call } from "../call.ts";
import { requireSameAudience, requireUser } from "../call.ts";
import type { Transaction } from "../database.ts";
import { AuthError } from "../errors.ts";
import { notify } from "../messages.ts";
import { pathId } from "./admin.ts";
import type { Identity, User } from "../users.ts";
import { identitiesOf, lockUser, syncProviders, takeEmailOfIdentities, updateUser } from "../users.ts";

/** The user's address or number goes with the identity that carried it. */
async function withoutAddress(sql: Transaction, user: User, gone: Identity): Promise<User> {
  if (gone.provider === "phone") {
    return await updateUser(sql, user.id, { phone: null, phone_confirmed_at: null });
  }
  const addressed = await takeEmailOfIdentities(sql, user);
  if (addressed !== undefined) return addressed;
  throw new AuthError(
    422,
    "email_conflict_identity_not_deletable",
    "Unable to unlink identity due to email conflict",
  );
}

/** Identities are the users' own to add and remove only where that is switched on. */
export function requireManualLinking(call: Call): void {
  if (call.settings.security.manualLinking) return;
  throw new AuthError(404, "manual_linking_disabled", "Manual linking is disabled");
}

/** DELETE /user/identities/<id> */
export async function unlinkIdentity(call: Call): Promise<Response> {
  const caller = await requireUser(call);
  requireManualLinking(call);
  const id = pathId(call, "identity_id");
  await requireSameAudience(
    call,
    caller,
    new AuthError(403, "unexpected_audience", "Token audience doesn't match request audience"),
  );
  await call.sql.begin(async (sql) => {
    const user = await lockUser(sql, caller.user.id);
    const identities = await identitiesOf(sql, user.id);
    const identity = identities.find((one) => one.id === id);
    if (identities.length <= 1) {
      throw new AuthError(
        422,
        "single_identity_not_deletable",
        "User must have at least 1 identity after unlinking",
      );
    }
    if (identity === undefined) throw new AuthError(422, "identity_not_found", "Identity doesn't exist");
    await audit(sql, call, user, "identity_unlinked", {
      identity_id: id,
      provider: identity.provider,
      provider_id: identity.provider_id,
    });
    await sql`delete from auth.identities where id = ${id}`;
    const changed = await syncProviders(sql, await withoutAddress(sql, user, identity));
    await notify(call, sql, changed, "identity_unlinked", { provider: identity.provider });
  });
  return call.c.json({});
}
