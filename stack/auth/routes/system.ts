import type { Call } from "../call.ts";
import { requireAdmin } from "../call.ts";
import { AuthError } from "../errors.ts";
import { knownProviders } from "../providers.ts";

const version = "v2.196.0";

/** GET /health */
export function health(call: Call): Response {
  return call.c.json({
    version,
    name: "GoTrue",
    description: "GoTrue is a user registration and authentication API",
  });
}

/** GET /settings */
export function settings(call: Call): Response {
  const { settings: current } = call;
  const enabled: Record<string, { enabled: boolean }> = current.providers;
  const providers = knownProviders.map((name) => [name, enabled[name]?.enabled ?? false]);
  return call.c.json({
    external: {
      anonymous_users: current.anonymousEnabled,
      ...Object.fromEntries(providers),
      email: current.emailEnabled,
      phone: current.phoneEnabled,
      web3_ethereum: false,
      web3_solana: false,
    },
    disable_signup: current.disableSignup,
    mailer_autoconfirm: current.mail.autoconfirm,
    phone_autoconfirm: current.sms.autoconfirm,
    sms_provider: current.sms.provider,
    saml_enabled: false,
    passkeys_enabled: false,
  });
}

/** GET /.well-known/jwks.json */
export function jwks(call: Call): Response {
  return call.c.json({ keys: call.keys.publicKeys }, 200, { "cache-control": "public, max-age=600" });
}

/** What the real server has and this one leaves out, answered as if it were switched off. */
export const notOffered = {
  saml: (): never => {
    throw new AuthError(404, "saml_provider_disabled", "SAML 2.0 is disabled: it is not offered locally");
  },
  passkeys: (): never => {
    throw new AuthError(404, "passkey_disabled", "Passkeys are disabled: they are not offered locally");
  },
  other: (): never => {
    throw new AuthError(404, "feature_disabled", "This feature is disabled: it is not offered locally");
  },
  passkeysAsAdmin: async (call: Call) => {
    await requireAdmin(call);
    return notOffered.passkeys();
  },
  otherAsAdmin: async (call: Call) => {
    await requireAdmin(call);
    return notOffered.other();
  },
};
