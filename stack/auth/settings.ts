/** A setting is missing or cannot be understood; the message names the variable. */
export class SettingsError extends Error {}

/** One `pg-functions://` hook. */
export interface HookSettings {
  uri: string;
  schema: string;
  function: string;
}

export const hookNames = [
  "before_user_created",
  "after_user_created",
  "send_email",
  "send_sms",
  "custom_access_token",
  "password_verification_attempt",
  "mfa_verification_attempt",
] as const;
export type HookName = (typeof hookNames)[number];

/** Providers that can be switched on; those of the settings answer which are not here are always off. */
export const providerNames = ["apple", "google", "keycloak"] as const;
export type ProviderName = (typeof providerNames)[number];

export interface ProviderSettings {
  enabled: boolean;
  clientIds: string[];
  secret: string;
  redirectUri: string;
  url: string;
  skipNonceCheck: boolean;
  emailOptional: boolean;
}

type Environment = Record<string, string | undefined>;

const durationUnits: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration ("1h30m", "-10s", "0") in milliseconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) return undefined;
  let total = 0;
  for (const part of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(part[1]) * (durationUnits[part[2] ?? ""] ?? 0);
  }
  return match[1] === "-" ? -total : total;
}

/** Sets of characters separated by ":"; a colon that belongs to a set is written "\:". */
function characterSets(text: string): string[] {
  return text.split(/(?<!\\):/).map((set) => set.replaceAll("\\:", ":")).filter((set) => set !== "");
}

/** Reads single variables and complains by name. */
function reader(environment: Environment) {
  const raw = (name: string) => {
    const value = environment[name];
    return value === undefined || value === "" ? undefined : value;
  };
  const parsed = <T>(
    name: string,
    fallback: T,
    wanted: string,
    parse: (value: string) => T | undefined,
  ): T => {
    const value = raw(name);
    if (value === undefined) return fallback;
    const result = parse(value);
    if (result === undefined) throw new SettingsError(`${name} must be ${wanted}, not "${value}"`);
    return result;
  };
  const truths: Record<string, boolean> = {
    "1": true,
    t: true,
    true: true,
    "0": false,
    f: false,
    false: false,
  };
  return {
    text: (name: string, fallback = "") => raw(name) ?? fallback,
    required: (name: string) => {
      const value = raw(name);
      if (value === undefined) throw new SettingsError(`${name} is missing`);
      return value;
    },
    flag: (name: string, fallback: boolean) =>
      parsed(name, fallback, "true or false", (value) => truths[value.toLowerCase()]),
    whole: (name: string, fallback: number) =>
      parsed(name, fallback, "a whole number", (value) => /^\d+$/.test(value) ? Number(value) : undefined),
    duration: (name: string, fallback: number) =>
      parsed(name, fallback, "a duration such as 1h30m", (value) => parseDuration(value)),
    /** "30" an hour, or "30/10m". */
    rate: (name: string, fallback: number) =>
      parsed(name, { count: fallback, per: 3_600_000 }, "a number, or one such as 30/1h", (value) => {
        const [count, per] = value.split("/");
        const duration = per === undefined ? 3_600_000 : parseDuration(per);
        if (!/^\d+(\.\d+)?$/.test(count ?? "") || duration === undefined || duration <= 0) return undefined;
        return { count: Number(count), per: duration };
      }),
    list: (name: string, fallback: string[] = []) =>
      parsed(
        name,
        fallback,
        "a list",
        (value) => value.split(",").map((item) => item.trim()).filter(Boolean),
      ),
  };
}

function otpLength(wanted: number): number {
  return wanted >= 6 && wanted <= 10 ? wanted : 6;
}

function readHooks(environment: Environment): Partial<Record<HookName, HookSettings>> {
  const read = reader(environment);
  const hooks: Partial<Record<HookName, HookSettings>> = {};
  for (const name of hookNames) {
    const prefix = `GOTRUE_HOOK_${name.toUpperCase()}`;
    if (!read.flag(`${prefix}_ENABLED`, false)) continue;
    const uri = read.required(`${prefix}_URI`);
    const match = /^pg-functions:\/\/[^/]*\/([A-Za-z_][A-Za-z0-9_]*)\/([A-Za-z_][A-Za-z0-9_]*)$/.exec(uri);
    if (match === null) {
      throw new SettingsError(
        `${prefix}_URI must be pg-functions://postgres/<schema>/<function>, not "${uri}"`,
      );
    }
    hooks[name] = { uri, schema: match[1] ?? "", function: match[2] ?? "" };
  }
  return hooks;
}

function readProviders(
  environment: Environment,
  externalUrl: string,
): Record<ProviderName, ProviderSettings> {
  const read = reader(environment);
  const one = (name: ProviderName): ProviderSettings => {
    const prefix = `GOTRUE_EXTERNAL_${name.toUpperCase()}`;
    return {
      enabled: read.flag(`${prefix}_ENABLED`, false),
      clientIds: read.list(`${prefix}_CLIENT_ID`),
      secret: read.text(`${prefix}_SECRET`),
      redirectUri: read.text(`${prefix}_REDIRECT_URI`, `${externalUrl}/callback`),
      url: read.text(`${prefix}_URL`).replace(/\/+$/, ""),
      skipNonceCheck: read.flag(`${prefix}_SKIP_NONCE_CHECK`, false),
      emailOptional: read.flag(`${prefix}_EMAIL_OPTIONAL`, false),
    };
  };
  return { apple: one("apple"), google: one("google"), keycloak: one("keycloak") };
}

/** What a user can be told was changed. */
const notificationNames = [
  "password_changed",
  "email_changed",
  "phone_changed",
  "identity_linked",
  "identity_unlinked",
  "mfa_factor_enrolled",
  "mfa_factor_unenrolled",
];

function readMail(environment: Environment) {
  const read = reader(environment);
  const named = (prefix: string, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, read.text(`${prefix}_${name.toUpperCase()}`)]));
  const kinds = [
    "invite",
    "confirmation",
    "recovery",
    "magic_link",
    "email_change",
    "reauthentication",
    ...notificationNames.map((name) => `${name}_notification`),
  ];
  return {
    autoconfirm: read.flag("GOTRUE_MAILER_AUTOCONFIRM", false),
    secureEmailChange: read.flag("GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED", true),
    otpLength: otpLength(read.whole("GOTRUE_MAILER_OTP_LENGTH", 6)),
    otpExpiry: read.whole("GOTRUE_MAILER_OTP_EXP", 86400),
    // Zero means the default to the real server too.
    minimumInterval: read.duration("GOTRUE_SMTP_MAX_FREQUENCY", 60_000) || 60_000,
    templates: named("GOTRUE_MAILER_TEMPLATES", kinds),
    subjects: named("GOTRUE_MAILER_SUBJECTS", kinds),
    urlPaths: {
      invite: read.text("GOTRUE_MAILER_URLPATHS_INVITE", "/verify"),
      confirmation: read.text("GOTRUE_MAILER_URLPATHS_CONFIRMATION", "/verify"),
      recovery: read.text("GOTRUE_MAILER_URLPATHS_RECOVERY", "/verify"),
      email_change: read.text("GOTRUE_MAILER_URLPATHS_EMAIL_CHANGE", "/verify"),
    },
    notifications: Object.fromEntries(
      notificationNames.map((
        name,
      ) => [name, read.flag(`GOTRUE_MAILER_NOTIFICATIONS_${name.toUpperCase()}_ENABLED`, false)]),
    ),
    smtp: {
      host: read.text("GOTRUE_SMTP_HOST"),
      port: read.whole("GOTRUE_SMTP_PORT", 587),
      user: read.text("GOTRUE_SMTP_USER"),
      password: read.text("GOTRUE_SMTP_PASS"),
      sender: read.text("GOTRUE_SMTP_ADMIN_EMAIL", "noreply@localhost"),
      senderName: read.text("GOTRUE_SMTP_SENDER_NAME"),
    },
  };
}

function readSms(environment: Environment) {
  const read = reader(environment);
  const testCodes = new Map<string, string>();
  for (const pair of read.list("GOTRUE_SMS_TEST_OTP")) {
    const [phone, code] = pair.split(/[:=]/);
    if (phone === undefined || code === undefined) {
      throw new SettingsError(`GOTRUE_SMS_TEST_OTP must be phone:code pairs, not "${pair}"`);
    }
    testCodes.set(phone.trim(), code.trim());
  }
  return {
    autoconfirm: read.flag("GOTRUE_SMS_AUTOCONFIRM", false),
    otpLength: otpLength(read.whole("GOTRUE_SMS_OTP_LENGTH", 6)),
    otpExpiry: read.whole("GOTRUE_SMS_OTP_EXP", 60),
    minimumInterval: read.duration("GOTRUE_SMS_MAX_FREQUENCY", 60_000) || 60_000,
    provider: read.text("GOTRUE_SMS_PROVIDER"),
    testCodes,
  };
}

const unoffered: Record<string, string> = {
  GOTRUE_SECURITY_CAPTCHA_ENABLED: "auth.captcha",
  GOTRUE_SAML_ENABLED: "no key",
  GOTRUE_PASSWORD_HIBP_ENABLED: "no key",
  GOTRUE_PASSKEY_ENABLED: "auth.passkey",
  GOTRUE_MFA_WEB_AUTHN_ENROLL_ENABLED: "auth.mfa.web_authn",
  GOTRUE_MFA_WEB_AUTHN_VERIFY_ENABLED: "auth.mfa.web_authn",
  GOTRUE_EXTERNAL_WEB3_SOLANA_ENABLED: "auth.web3.solana",
  GOTRUE_EXTERNAL_WEB3_ETHEREUM_ENABLED: "auth.web3.ethereum",
  GOTRUE_OAUTH_SERVER_ENABLED: "auth.oauth_server",
};

/** Switches of what only the real server has. Leaving one on unnoticed would promise a protection that is not there. */
function refuseUnoffered(environment: Environment): void {
  const read = reader(environment);
  const offered = providerNames.map((name) => `GOTRUE_EXTERNAL_${name.toUpperCase()}_ENABLED`);
  const providers = Object.keys(environment).filter((name) =>
    /^GOTRUE_EXTERNAL_(?!EMAIL_|PHONE_|ANONYMOUS_USERS_|WEB3_).+_ENABLED$/.test(name) &&
    !offered.includes(name)
  );
  for (const [name, key] of Object.entries(unoffered)) refuse(name, key);
  for (const name of providers) {
    const provider = name.slice("GOTRUE_EXTERNAL_".length, -"_ENABLED".length).toLowerCase();
    refuse(name, `auth.external.${provider}`);
  }

  function refuse(name: string, key: string): void {
    if (!read.flag(name, false)) return;
    throw new SettingsError(
      `${name} must be false (${key} of config.toml): this is not offered locally; ` +
        "STACK_AUTH starts the real server instead",
    );
  }
}

/** All settings, from the variables that the real server reads. */
export function readSettings(environment: Environment) {
  const read = reader(environment);
  refuseUnoffered(environment);
  const externalUrl = read.required("API_EXTERNAL_URL").replace(/\/+$/, "");
  return {
    host: read.text("GOTRUE_API_HOST", "127.0.0.1"),
    port: read.whole("PORT", read.whole("GOTRUE_API_PORT", 8081)),
    databaseUrl: read.text("GOTRUE_DB_DATABASE_URL") || read.required("DATABASE_URL"),
    databaseConnections: read.whole("GOTRUE_DB_MAX_POOL_SIZE", 10),
    requestTimeout: read.duration("GOTRUE_API_MAX_REQUEST_DURATION", 10_000),
    externalUrl,
    siteUrl: read.required("GOTRUE_SITE_URL"),
    allowList: read.list("GOTRUE_URI_ALLOW_LIST"),
    disableSignup: read.flag("GOTRUE_DISABLE_SIGNUP", false),
    anonymousEnabled: read.flag("GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED", false),
    emailEnabled: read.flag("GOTRUE_EXTERNAL_EMAIL_ENABLED", true),
    phoneEnabled: read.flag("GOTRUE_EXTERNAL_PHONE_ENABLED", false),
    jwt: {
      secret: read.required("GOTRUE_JWT_SECRET"),
      keyId: read.text("GOTRUE_JWT_KEY_ID"),
      keys: read.text("GOTRUE_JWT_KEYS"),
      expiry: read.whole("GOTRUE_JWT_EXP", 3600),
      issuer: read.text("GOTRUE_JWT_ISSUER"),
      audience: read.text("GOTRUE_JWT_AUD"),
      defaultGroup: read.text("GOTRUE_JWT_DEFAULT_GROUP_NAME"),
      adminRoles: read.list("GOTRUE_JWT_ADMIN_ROLES", ["service_role", "supabase_admin"]),
      validMethods: read.list("GOTRUE_JWT_VALID_METHODS"),
    },
    mail: readMail(environment),
    sms: readSms(environment),
    password: {
      minimumLength: Math.max(6, read.whole("GOTRUE_PASSWORD_MIN_LENGTH", 6)),
      requiredCharacters: characterSets(read.text("GOTRUE_PASSWORD_REQUIRED_CHARACTERS")),
    },
    security: {
      refreshTokenVersion: read.whole("GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION", 1) === 2 ? 2 : 1,
      rotation: read.flag("GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED", true),
      reuseInterval: read.whole("GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL", 0),
      manualLinking: read.flag("GOTRUE_SECURITY_MANUAL_LINKING_ENABLED", false),
      reauthenticateForPassword: read.flag("GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION", false),
      currentPasswordForPassword: read.flag(
        "GOTRUE_SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD",
        false,
      ),
    },
    sessions: {
      timebox: read.duration("GOTRUE_SESSIONS_TIMEBOX", 0),
      inactivityTimeout: read.duration("GOTRUE_SESSIONS_INACTIVITY_TIMEOUT", 0),
      singlePerUser: read.flag("GOTRUE_SESSIONS_SINGLE_PER_USER", false),
      allowLowAal: read.duration("GOTRUE_SESSIONS_ALLOW_LOW_AAL", 0),
    },
    mfa: {
      maximumFactors: read.whole("GOTRUE_MFA_MAX_ENROLLED_FACTORS", 10),
      challengeExpiry: read.whole("GOTRUE_MFA_CHALLENGE_EXPIRY_DURATION", 300),
      totp: {
        enroll: read.flag("GOTRUE_MFA_TOTP_ENROLL_ENABLED", true),
        verify: read.flag("GOTRUE_MFA_TOTP_VERIFY_ENABLED", true),
      },
      phone: {
        enroll: read.flag("GOTRUE_MFA_PHONE_ENROLL_ENABLED", false),
        verify: read.flag("GOTRUE_MFA_PHONE_VERIFY_ENABLED", false),
        otpLength: otpLength(read.whole("GOTRUE_MFA_PHONE_OTP_LENGTH", 6)),
        minimumInterval: read.duration("GOTRUE_MFA_PHONE_MAX_FREQUENCY", 60_000) || 60_000,
      },
    },
    hooks: readHooks(environment),
    providers: readProviders(environment, externalUrl),
    rates: {
      header: read.text("GOTRUE_RATE_LIMIT_HEADER"),
      otp: read.whole("GOTRUE_RATE_LIMIT_OTP", 30),
      verify: read.whole("GOTRUE_RATE_LIMIT_VERIFY", 30),
      tokenRefresh: read.whole("GOTRUE_RATE_LIMIT_TOKEN_REFRESH", 150),
      anonymousUsers: read.whole("GOTRUE_RATE_LIMIT_ANONYMOUS_USERS", 30),
      emailSent: read.rate("GOTRUE_RATE_LIMIT_EMAIL_SENT", 30),
      smsSent: read.rate("GOTRUE_RATE_LIMIT_SMS_SENT", 30),
    },
  };
}

export type Settings = ReturnType<typeof readSettings>;
