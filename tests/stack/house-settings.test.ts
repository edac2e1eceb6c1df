// What config.toml says, in the variables of the real Auth server: the names are those that the Supabase CLI makes of it.
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../stack/config.ts";
import type { Instance } from "../../stack/instance.ts";
import { loadKeys, verificationKeys } from "../../stack/keys.ts";
import { authSettings, mailTemplatesOf } from "../../stack/services/auth-settings.ts";

const start = 'project_id = "settings"\n[auth]\nsite_url = "https://app.example.com"\n';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "house-settings-"));
  mkdirSync(join(folder, "supabase", "templates"), { recursive: true });
  writeFileSync(join(folder, "supabase", "templates", "invite.html"), "<p>{{ .ConfirmationURL }}</p>");
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, "supabase", name);
  writeFileSync(path, text);
  return path;
}

function read(text: string) {
  return readConfig(write("config.toml", start + text));
}

async function instanceOf(text: string): Promise<Instance> {
  const config = read(text);
  const keys = await loadKeys(join(folder, "keys.json"), config.auth.signing_keys_path);
  return { config, keys, ports: { gateway: 1111, database: 2222, auth: 3333 } } as unknown as Instance;
}

async function variablesOf(text: string): Promise<Record<string, string>> {
  return authSettings(await instanceOf(text));
}

test("what is not set has the CLI's defaults", async () => {
  const variables = await variablesOf("");
  expect(variables).toMatchObject({
    API_EXTERNAL_URL: "http://127.0.0.1:1111/auth/v1",
    GOTRUE_API_HOST: "127.0.0.1",
    GOTRUE_API_PORT: "3333",
    GOTRUE_DB_DRIVER: "postgres",
    GOTRUE_DB_DATABASE_URL: "postgresql://supabase_auth_admin:postgres@127.0.0.1:2222/postgres",
    GOTRUE_SITE_URL: "https://app.example.com",
    GOTRUE_DISABLE_SIGNUP: "false",
    GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "false",
    GOTRUE_EXTERNAL_EMAIL_ENABLED: "true",
    GOTRUE_EXTERNAL_PHONE_ENABLED: "false",
    GOTRUE_JWT_EXP: "3600",
    GOTRUE_JWT_ISSUER: "http://127.0.0.1:1111/auth/v1",
    GOTRUE_JWT_AUD: "authenticated",
    GOTRUE_JWT_DEFAULT_GROUP_NAME: "authenticated",
    GOTRUE_JWT_ADMIN_ROLES: "service_role",
    GOTRUE_JWT_VALID_METHODS: "HS256,RS256,ES256",
    GOTRUE_MAILER_AUTOCONFIRM: "true",
    GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED: "true",
    GOTRUE_MAILER_OTP_LENGTH: "6",
    GOTRUE_MAILER_OTP_EXP: "3600",
    GOTRUE_MAILER_URLPATHS_INVITE: "http://127.0.0.1:1111/auth/v1/verify",
    GOTRUE_MAILER_URLPATHS_EMAIL_CHANGE: "http://127.0.0.1:1111/auth/v1/verify",
    GOTRUE_SMS_AUTOCONFIRM: "true",
    GOTRUE_SMS_OTP_EXP: "6000",
    GOTRUE_SMS_OTP_LENGTH: "6",
    GOTRUE_PASSWORD_MIN_LENGTH: "6",
    GOTRUE_MFA_MAX_ENROLLED_FACTORS: "10",
    GOTRUE_RATE_LIMIT_ANONYMOUS_USERS: "30",
    GOTRUE_RATE_LIMIT_TOKEN_REFRESH: "150",
    GOTRUE_RATE_LIMIT_OTP: "30",
    GOTRUE_RATE_LIMIT_VERIFY: "30",
    GOTRUE_RATE_LIMIT_SMS_SENT: "30",
    GOTRUE_RATE_LIMIT_EMAIL_SENT: "360000",
  });
  expect(JSON.parse(variables.GOTRUE_JWT_KEYS ?? "")).toMatchObject([{
    alg: "ES256",
    key_ops: ["sign", "verify"],
  }]);
  for (const name of Object.keys(variables)) {
    expect(name).toMatch(/^(GOTRUE_[A-Z0-9_]+|API_EXTERNAL_URL|PORT|DATABASE_URL)$/);
  }
});

const cases: [title: string, toml: string, variables: Record<string, string>][] = [
  [
    "addresses",
    `external_url = "https://auth.example.com"\nadditional_redirect_urls = ["https://a.example.com", "app://**"]`,
    {
      API_EXTERNAL_URL: "https://auth.example.com",
      GOTRUE_API_EXTERNAL_URL: "https://auth.example.com",
      GOTRUE_JWT_ISSUER: "https://auth.example.com",
      GOTRUE_MAILER_URLPATHS_RECOVERY: "https://auth.example.com/verify",
      GOTRUE_URI_ALLOW_LIST: "https://a.example.com,app://**",
    },
  ],
  [
    "tokens",
    'jwt_expiry = 60\njwt_issuer = "https://issuer.example.com"\n[auth.external.google]\nenabled = true',
    {
      GOTRUE_JWT_EXP: "60",
      GOTRUE_JWT_ISSUER: "https://issuer.example.com",
      GOTRUE_EXTERNAL_GOOGLE_REDIRECT_URI: "https://issuer.example.com/callback",
    },
  ],
  ["refresh tokens", "enable_refresh_token_rotation = false\nrefresh_token_reuse_interval = 7", {
    GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED: "false",
    GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL: "7",
  }],
  [
    "who may sign up",
    "enable_signup = false\nenable_anonymous_sign_ins = true\nenable_manual_linking = true",
    {
      GOTRUE_DISABLE_SIGNUP: "true",
      GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED: "true",
      GOTRUE_SECURITY_MANUAL_LINKING_ENABLED: "true",
    },
  ],
  ["passwords", 'minimum_password_length = 9\npassword_requirements = "lower_upper_letters_digits"', {
    GOTRUE_PASSWORD_MIN_LENGTH: "9",
    GOTRUE_PASSWORD_REQUIRED_CHARACTERS: "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789",
  }],
  [
    "rates",
    "[auth.rate_limit]\nemail_sent = 1\nsms_sent = 2\nanonymous_users = 3\ntoken_refresh = 4\nsign_in_sign_ups = 5\n" +
    "token_verifications = 6\nweb3 = 7",
    {
      GOTRUE_RATE_LIMIT_EMAIL_SENT: "360000",
      GOTRUE_RATE_LIMIT_SMS_SENT: "2",
      GOTRUE_RATE_LIMIT_ANONYMOUS_USERS: "3",
      GOTRUE_RATE_LIMIT_TOKEN_REFRESH: "4",
      GOTRUE_RATE_LIMIT_OTP: "5",
      GOTRUE_RATE_LIMIT_VERIFY: "6",
      GOTRUE_RATE_LIMIT_WEB3: "7",
    },
  ],
  [
    "e-mail",
    "[auth.email]\nenabled = false\ndouble_confirm_changes = false\nenable_confirmations = true\nsecure_password_change = true\n" +
    'require_current_password = true\nmax_frequency = "3s"\notp_length = 8\notp_expiry = 99',
    {
      GOTRUE_EXTERNAL_EMAIL_ENABLED: "false",
      GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED: "false",
      GOTRUE_MAILER_AUTOCONFIRM: "false",
      GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION: "true",
      GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD: "true",
      GOTRUE_SMTP_MAX_FREQUENCY: "3s",
      GOTRUE_MAILER_OTP_LENGTH: "8",
      GOTRUE_MAILER_OTP_EXP: "99",
    },
  ],
  [
    "a mail server",
    '[auth.rate_limit]\nemail_sent = 12\n[auth.email.smtp]\nhost = "smtp.example.com"\nport = 587\nuser = "me"\npass = "secret"\n' +
    'admin_email = "admin@example.com"\nsender_name = "Admin"',
    {
      GOTRUE_SMTP_HOST: "smtp.example.com",
      GOTRUE_SMTP_PORT: "587",
      GOTRUE_SMTP_USER: "me",
      GOTRUE_SMTP_PASS: "secret",
      GOTRUE_SMTP_ADMIN_EMAIL: "admin@example.com",
      GOTRUE_SMTP_SENDER_NAME: "Admin",
      GOTRUE_RATE_LIMIT_EMAIL_SENT: "12",
    },
  ],
  [
    "mails",
    '[auth.email.template.invite]\nsubject = "Come"\ncontent_path = "./supabase/templates/invite.html"\n' +
    '[auth.email.notification.password_changed]\nenabled = true\nsubject = "Changed"',
    {
      GOTRUE_MAILER_SUBJECTS_INVITE: "Come",
      GOTRUE_MAILER_TEMPLATES_INVITE: "http://127.0.0.1:1111/email/invite.html",
      GOTRUE_MAILER_NOTIFICATIONS_PASSWORD_CHANGED_ENABLED: "true",
      GOTRUE_MAILER_SUBJECTS_PASSWORD_CHANGED_NOTIFICATION: "Changed",
    },
  ],
  [
    "text messages",
    '[auth.sms]\nenabled = true\nenable_confirmations = true\ntemplate = "{{ .Code }}!"\nmax_frequency = "9s"\n' +
    '[auth.sms.test_otp]\n15550001111 = "123456"\n15550002222 = "654321"\n' +
    '[auth.sms.twilio]\nenabled = true\naccount_sid = "A"\nmessage_service_sid = "M"\nauth_token = "T"',
    {
      GOTRUE_EXTERNAL_PHONE_ENABLED: "true",
      GOTRUE_SMS_AUTOCONFIRM: "false",
      GOTRUE_SMS_TEMPLATE: "{{ .Code }}!",
      GOTRUE_SMS_MAX_FREQUENCY: "9s",
      GOTRUE_SMS_TEST_OTP: "15550001111:123456,15550002222:654321",
      GOTRUE_SMS_PROVIDER: "twilio",
      GOTRUE_SMS_TWILIO_ACCOUNT_SID: "A",
      GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID: "M",
      GOTRUE_SMS_TWILIO_AUTH_TOKEN: "T",
    },
  ],
  [
    "ways in, as CLI 2 names them,",
    "[auth.email]\nenable_signup = false\n[auth.sms]\nenable_signup = true",
    { GOTRUE_EXTERNAL_EMAIL_ENABLED: "false", GOTRUE_EXTERNAL_PHONE_ENABLED: "true" },
  ],
  ["sessions", '[auth.sessions]\ntimebox = "24h"\ninactivity_timeout = "8h"', {
    GOTRUE_SESSIONS_TIMEBOX: "24h",
    GOTRUE_SESSIONS_INACTIVITY_TIMEOUT: "8h",
  }],
  [
    "factors",
    "[auth.mfa]\nmax_enrolled_factors = 3\n[auth.mfa.totp]\nenroll_enabled = true\n" +
    '[auth.mfa.phone]\nverify_enabled = true\notp_length = 7\ntemplate = "T"\nmax_frequency = "1s"',
    {
      GOTRUE_MFA_MAX_ENROLLED_FACTORS: "3",
      GOTRUE_MFA_TOTP_ENROLL_ENABLED: "true",
      GOTRUE_MFA_TOTP_VERIFY_ENABLED: "false",
      GOTRUE_MFA_PHONE_ENROLL_ENABLED: "false",
      GOTRUE_MFA_PHONE_VERIFY_ENABLED: "true",
      GOTRUE_MFA_PHONE_OTP_LENGTH: "7",
      GOTRUE_MFA_PHONE_TEMPLATE: "T",
      GOTRUE_MFA_PHONE_MAX_FREQUENCY: "1s",
    },
  ],
  [
    "hooks",
    '[auth.hook.send_sms]\nenabled = true\nuri = "https://example.com"\nsecrets = "v1,whsec_c2VjcmV0"',
    {
      GOTRUE_HOOK_SEND_SMS_ENABLED: "true",
      GOTRUE_HOOK_SEND_SMS_URI: "https://example.com",
      GOTRUE_HOOK_SEND_SMS_SECRETS: "v1,whsec_c2VjcmV0",
    },
  ],
  [
    "providers",
    '[auth.external.apple]\nenabled = true\nclient_id = "a,b"\nsecret = "s"\nredirect_uri = "https://x.example.com/back"\n' +
    'url = "https://issuer.example.com"\nskip_nonce_check = true\nemail_optional = true',
    {
      GOTRUE_EXTERNAL_APPLE_ENABLED: "true",
      GOTRUE_EXTERNAL_APPLE_CLIENT_ID: "a,b",
      GOTRUE_EXTERNAL_APPLE_SECRET: "s",
      GOTRUE_EXTERNAL_APPLE_REDIRECT_URI: "https://x.example.com/back",
      GOTRUE_EXTERNAL_APPLE_URL: "https://issuer.example.com",
      GOTRUE_EXTERNAL_APPLE_SKIP_NONCE_CHECK: "true",
      GOTRUE_EXTERNAL_APPLE_EMAIL_OPTIONAL: "true",
    },
  ],
  [
    "what only the real server has",
    '[auth.captcha]\nenabled = true\nprovider = "turnstile"\nsecret = "s"\n[auth.passkey]\nenabled = true\n' +
    "[auth.mfa.web_authn]\nenroll_enabled = true\n[auth.web3.solana]\nenabled = true\n[auth.oauth_server]\nenabled = true",
    {
      GOTRUE_SECURITY_CAPTCHA_ENABLED: "true",
      GOTRUE_SECURITY_CAPTCHA_PROVIDER: "turnstile",
      GOTRUE_SECURITY_CAPTCHA_SECRET: "s",
      GOTRUE_PASSKEY_ENABLED: "true",
      GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED: "true",
      GOTRUE_EXTERNAL_WEB3_SOLANA_ENABLED: "true",
      GOTRUE_OAUTH_SERVER_ENABLED: "true",
    },
  ],
];

test.each(cases)("%s reach the server", async (_title, toml, variables) => {
  expect(await variablesOf(toml)).toMatchObject(variables);
});

test("the text of a mail is found from the project's folder", () => {
  const config = read('[auth.email.template.invite]\ncontent_path = "./supabase/templates/invite.html"');
  expect(readFileSync(mailTemplatesOf(config).invite ?? "", "utf8")).toContain("ConfirmationURL");
});

test("a file of signing keys replaces the instance's own; the retired ones still verify, and none is shown whole", async () => {
  const key = (kid: string, operations: string[]) => ({
    ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
    kid,
    alg: "ES256",
    use: "sig",
    key_ops: operations,
  });
  write("signing_keys.json", JSON.stringify([key("new", ["sign", "verify"]), key("old", ["verify"])]));
  const instance = await instanceOf('signing_keys_path = "./signing_keys.json"');
  const given = JSON.parse(authSettings(instance).GOTRUE_JWT_KEYS ?? "") as { kid: string }[];
  expect(given.map(({ kid }) => kid)).toEqual(["new", "old"]);
  const { keys } = verificationKeys(instance.keys);
  expect(keys.map(({ kid, d }) => [kid, d])).toEqual([["new", undefined], ["old", undefined], [
    undefined,
    undefined,
  ]]);

  write("signing_keys.json", JSON.stringify([key("one", ["sign"]), key("two", ["sign"])]));
  await expect(instanceOf('signing_keys_path = "./signing_keys.json"')).rejects.toThrow(
    /auth\.signing_keys_path.*exactly one/,
  );
  write("signing_keys.json", "{}");
  await expect(instanceOf('signing_keys_path = "./signing_keys.json"')).rejects.toThrow(
    /auth\.signing_keys_path.*no list/,
  );
});

test.each([
  ["an unknown name", "enable_sign_up = true", "auth.enable_sign_up"],
  ["an unknown name in a table", "[auth.email]\notp_size = 6", "auth.email.otp_size"],
  ["an unknown hook", '[auth.hook.send_fax]\nenabled = true\nuri = "x"', "auth.hook"],
  ["a hook without an address", "[auth.hook.send_sms]\nenabled = true", "auth.hook.send_sms"],
  ["an unknown provider", "[auth.external.myspace]\nenabled = true", "auth.external"],
  ["a wrong type", 'jwt_expiry = "soon"', "auth.jwt_expiry"],
  ["too much", "jwt_expiry = 604801", "auth.jwt_expiry"],
  [
    "a text that is not there",
    '[auth.email.template.invite]\ncontent_path = "./nowhere.html"',
    "auth.email.template.invite.content_path",
  ],
  ["keys that are not there", 'signing_keys_path = "./nowhere.json"', "auth.signing_keys_path"],
  ["tokens of others", "[auth.third_party.clerk]\nenabled = true", "auth.third_party"],
  ["no Auth at all", "enabled = false", "auth.enabled"],
])("%s is named with its place", (_what, toml, place) => {
  expect(() => read(toml)).toThrow(place);
});
