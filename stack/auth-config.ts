import * as z from "zod";

const flag = z.boolean();
const text = z.string();
const count = z.int().min(0);

const switches = z.strictObject({ enroll_enabled: flag.default(false), verify_enabled: flag.default(false) })
  .prefault({});

/** A table of settings with these names only, each of which may be absent. */
function named<Name extends string, Value extends z.ZodType>(names: readonly Name[], value: Value) {
  return z.partialRecord(z.enum(names), value).default({});
}

const mail = z.strictObject({ subject: text.optional(), content_path: text.optional() });

const templates = [
  "invite",
  "confirmation",
  "recovery",
  "magic_link",
  "email_change",
  "reauthentication",
] as const;

const notifications = [
  "password_changed",
  "email_changed",
  "phone_changed",
  "identity_linked",
  "identity_unlinked",
  "mfa_factor_enrolled",
  "mfa_factor_unenrolled",
] as const;

const hooks = [
  "before_user_created",
  "custom_access_token",
  "send_email",
  "send_sms",
  "password_verification_attempt",
  "mfa_verification_attempt",
] as const;

const providers = [
  "apple",
  "azure",
  "bitbucket",
  "discord",
  "facebook",
  "figma",
  "github",
  "gitlab",
  "google",
  "kakao",
  "keycloak",
  "linkedin",
  "linkedin_oidc",
  "notion",
  "slack",
  "slack_oidc",
  "snapchat",
  "spotify",
  "twitch",
  "twitter",
  "workos",
  "x",
  "zoom",
] as const;

/** A service that sends text messages, with what it wants to know. */
function sender(...fields: string[]) {
  return z.strictObject({
    enabled: flag.default(false),
    ...Object.fromEntries(fields.map((field) => [field, text.default("")])),
  }).prefault({});
}

/** Whether people may come by this way: `enabled`, or in the words of the CLI's version 2 `enable_signup`. */
const waysIn = { enabled: flag.optional(), enable_signup: flag.optional() };

function openWay<Way extends z.output<z.ZodObject<typeof waysIn>>>(byDefault: boolean) {
  return ({ enabled, enable_signup: older, ...rest }: Way) => ({
    ...rest,
    enabled: enabled ?? older ?? byDefault,
  });
}

/** What only the stack of `supabase start` can be told; here it must stay off. */
const absent = z.record(text, z.looseObject({ enabled: flag.default(false) }))
  .refine(
    (table) => Object.values(table).every(({ enabled }) => !enabled),
    "this is not offered locally: switch it off",
  );

/**
 * The part `[auth]` of config.toml. A setting that is not heeded would promise something that is not there, so unknown names
 * are refused here, although not elsewhere.
 */
export const authSchema = z.strictObject({
  enabled: z.literal(true, "the stack has no other way to know its users").default(true),
  site_url: text,
  external_url: text.default(""),
  additional_redirect_urls: z.array(text).default([]),
  jwt_expiry: z.int().positive().max(604_800).default(3600),
  jwt_issuer: text.default(""),
  signing_keys_path: text.optional(),
  enable_refresh_token_rotation: flag.default(true),
  refresh_token_reuse_interval: count.default(0),
  enable_signup: flag.default(true),
  enable_anonymous_sign_ins: flag.default(false),
  enable_manual_linking: flag.default(false),
  minimum_password_length: z.int().min(6).default(6),
  password_requirements: z.enum([
    "",
    "letters_digits",
    "lower_upper_letters_digits",
    "lower_upper_letters_digits_symbols",
  ]).default(""),
  passkey: z.strictObject({ enabled: flag.default(false) }).prefault({}),
  webauthn: z.strictObject({ rp_display_name: text, rp_id: text, rp_origins: z.array(text) }).partial()
    .prefault({}),
  rate_limit: z.strictObject({
    email_sent: count.default(2),
    sms_sent: count.default(30),
    anonymous_users: count.default(30),
    token_refresh: count.default(150),
    sign_in_sign_ups: count.default(30),
    token_verifications: count.default(30),
    web3: count.default(30),
  }).prefault({}),
  captcha: z.strictObject({
    enabled: flag.default(false),
    provider: z.enum(["hcaptcha", "turnstile"]).default("hcaptcha"),
    secret: text.default(""),
  }).optional(),
  email: z.strictObject({
    ...waysIn,
    double_confirm_changes: flag.default(true),
    enable_confirmations: flag.default(false),
    secure_password_change: flag.default(false),
    require_current_password: flag.default(false),
    max_frequency: text.default("1m"),
    otp_length: z.int().min(6).max(10).default(6),
    otp_expiry: z.int().positive().default(3600),
    smtp: z.strictObject({
      enabled: flag.default(true),
      host: text,
      port: z.int().min(1).max(65535),
      user: text,
      pass: text,
      admin_email: text,
      sender_name: text.default(""),
    }).optional(),
    template: named(templates, mail),
    notification: named(notifications, mail.extend({ enabled: flag.default(false) })),
  }).transform(openWay(true)).prefault({}),
  sms: z.strictObject({
    ...waysIn,
    enable_confirmations: flag.default(false),
    template: text.default("Your code is {{ .Code }}"),
    max_frequency: text.default("5s"),
    test_otp: z.record(text, text).default({}),
    twilio: sender("account_sid", "message_service_sid", "auth_token"),
    twilio_verify: sender("account_sid", "message_service_sid", "auth_token"),
    messagebird: sender("originator", "access_key"),
    textlocal: sender("sender", "api_key"),
    vonage: sender("from", "api_key", "api_secret"),
  }).transform(openWay(false)).prefault({}),
  sessions: z.strictObject({ timebox: text.optional(), inactivity_timeout: text.optional() }).default({}),
  mfa: z.strictObject({
    max_enrolled_factors: z.int().positive().default(10),
    totp: switches,
    phone: z.strictObject({
      enroll_enabled: flag.default(false),
      verify_enabled: flag.default(false),
      otp_length: z.int().min(6).max(10).default(6),
      template: text.default("Your code is {{ .Code }}"),
      max_frequency: text.default("5s"),
    }).prefault({}),
    web_authn: switches,
  }).prefault({}),
  hook: named(
    hooks,
    z.strictObject({ enabled: flag.default(false), uri: text.default(""), secrets: text.optional() })
      .refine(({ enabled, uri }) => !enabled || uri !== "", "a hook that is enabled needs a uri"),
  ),
  external: named(
    providers,
    z.strictObject({
      enabled: flag.default(false),
      client_id: text.default(""),
      secret: text.default(""),
      redirect_uri: text.default(""),
      url: text.default(""),
      skip_nonce_check: flag.default(false),
      email_optional: flag.default(false),
    }),
  ),
  web3: named(["solana", "ethereum"], z.strictObject({ enabled: flag.default(false) })),
  oauth_server: z.strictObject({
    enabled: flag.default(false),
    authorization_url_path: text.default(""),
    allow_dynamic_registration: flag.default(false),
  }).prefault({}),
  third_party: absent.default({}),
});
