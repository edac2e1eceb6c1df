import { z } from "zod";
import type { Call } from "../call.ts";
import { requireUser } from "../call.ts";
import type { JsonObject, Transaction } from "../database.ts";
import { AuthError, OAuthError } from "../errors.ts";
import { linkProfile, signInWithProfile } from "../external.ts";
import { optionalText, readBody } from "../json-body.ts";
import { issuerOf, profileOfIdToken } from "../providers.ts";
import { requireManualLinking } from "./identities.ts";
import { startSession } from "../sessions.ts";
import type { ProviderName } from "../settings.ts";
import { providerNames } from "../settings.ts";
import type { User } from "../users.ts";

const idTokenBody = z.object({
  provider: optionalText,
  issuer: optionalText,
  client_id: optionalText,
  id_token: optionalText,
  access_token: optionalText,
  nonce: optionalText,
  link_identity: z.boolean().default(false),
});

/** The provider by name, or by the issuer of its tokens. */
function namedProvider(call: Call, body: z.infer<typeof idTokenBody>): ProviderName {
  if (body.provider === "" && (body.issuer === "" || body.client_id === "")) {
    throw new OAuthError("invalid request", "provider or client_id and issuer required");
  }
  const name = providerNames.find((one) =>
    body.provider === "" ? issuerOf(one, call.settings.providers[one]) === body.issuer : one === body.provider
  );
  if (name === undefined) {
    const custom = body.provider || body.issuer;
    throw new AuthError(400, "validation_failed", `Custom OIDC provider "${custom}" not allowed`);
  }
  if (!call.settings.providers[name].enabled) {
    const shown = issuerOf(name, call.settings.providers[name]);
    throw new AuthError(400, "provider_disabled", `Provider (issuer "${shown}") is not enabled`);
  }
  return name;
}

/** POST /token?grant_type=id_token */
export async function grantIdToken(call: Call): Promise<Response> {
  const body = await readBody(call.c, idTokenBody);
  if (body.id_token === "") throw new OAuthError("invalid request", "id_token required");
  const name = namedProvider(call, body);
  const settings = call.settings.providers[name];
  const profile = await profileOfIdToken(name, settings, body.id_token, body.access_token, body.nonce);
  const finish = (sql: Transaction, user: User) => startSession(call, sql, user, "oauth");
  let answer: JsonObject;
  if (body.link_identity) {
    requireManualLinking(call);
    answer = await linkProfile(call, (await requireUser(call)).user.id, profile, finish);
  } else answer = await signInWithProfile(call, profile, finish);
  const { confirmed_at: _unread, ...user } = answer.user as JsonObject;
  return call.c.json({ ...answer, user });
}
