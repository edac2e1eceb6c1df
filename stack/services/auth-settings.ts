import type { Config } from "../config.ts";
import { apiUrl, databaseUrl, type Instance } from "../instance.ts";
import { jwtSecret } from "../keys.ts";
import { host } from "../ports.ts";

/** The character sets that a password must draw from, as Auth wants them written. */
const passwordCharacters = {
  "": "",
  letters_digits: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789",
  lower_upper_letters_digits: "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789",
  lower_upper_letters_digits_symbols: "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789:" +
    "!@#$%^&*()_+-=[]{};'\\\\:\"|<>?,./`~",
};

/** The mails whose text or subject is set, by the names that Auth has for them. */
function mailsOf(config: Config) {
  const { template, notification } = config.auth.email;
  return [
    ...Object.entries(template),
    ...Object.entries(notification).map(([name, mail]) => [`${name}_notification`, mail] as const),
  ];
}

/** The files of the mails' texts. */
export function mailTemplatesOf(config: Config): Record<string, string> {
  return Object.fromEntries(
    mailsOf(config).flatMap(([name, mail]) =>
      mail.content_path === undefined ? [] : [[name, mail.content_path]]
    ),
  );
}

/** The `[auth]` part of config.toml as the variables that the Auth server reads. */
export function authSettings(instance: Instance): Record<string, string> {
  const { auth } = instance.config;
  const { smtp } = auth.email;
  const externalUrl = auth.external_url || `${apiUrl(instance)}/auth/v1`;
  const issuer = auth.jwt_issuer || externalUrl;
  const variables: Record<string, string | number | boolean | undefined> = {
    API_EXTERNAL_URL: externalUrl,
    API_HOST: host,
    API_PORT: instance.ports.auth,
    DB_DRIVER: "postgres",
    DB_DATABASE_URL: databaseUrl(instance, "supabase_auth_admin"),
    SITE_URL: auth.site_url,
    URI_ALLOW_LIST: auth.additional_redirect_urls.join(","),
    DISABLE_SIGNUP: !auth.enable_signup,
    EXTERNAL_ANONYMOUS_USERS_ENABLED: auth.enable_anonymous_sign_ins,
    JWT_SECRET: jwtSecret,
    JWT_KEYS: JSON.stringify(instance.keys.signingKeys),
    JWT_VALID_METHODS: "HS256,RS256,ES256",
    JWT_EXP: auth.jwt_expiry,
    JWT_ISSUER: issuer,
    JWT_AUD: "authenticated",
    JWT_DEFAULT_GROUP_NAME: "authenticated",
    JWT_ADMIN_ROLES: "service_role",
    EXTERNAL_EMAIL_ENABLED: auth.email.enabled,
    EXTERNAL_PHONE_ENABLED: auth.sms.enabled,
    MAILER_AUTOCONFIRM: !auth.email.enable_confirmations,
    MAILER_SECURE_EMAIL_CHANGE_ENABLED: auth.email.double_confirm_changes,
    MAILER_OTP_LENGTH: auth.email.otp_length,
    MAILER_OTP_EXP: auth.email.otp_expiry,
    SMTP_MAX_FREQUENCY: auth.email.max_frequency,
    SMS_AUTOCONFIRM: !auth.sms.enable_confirmations,
    SMS_MAX_FREQUENCY: auth.sms.max_frequency,
    SMS_OTP_LENGTH: 6,
    SMS_OTP_EXP: 6000,
    SMS_TEMPLATE: auth.sms.template,
    SMS_TEST_OTP: Object.entries(auth.sms.test_otp).map((pair) => pair.join(":")).join(","),
    PASSWORD_MIN_LENGTH: auth.minimum_password_length,
    PASSWORD_REQUIRED_CHARACTERS: passwordCharacters[auth.password_requirements],
    SECURITY_REFRESH_TOKEN_ROTATION_ENABLED: auth.enable_refresh_token_rotation,
    SECURITY_REFRESH_TOKEN_REUSE_INTERVAL: auth.refresh_token_reuse_interval,
    SECURITY_MANUAL_LINKING_ENABLED: auth.enable_manual_linking,
    SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION: auth.email.secure_password_change,
    SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD: auth.email.require_current_password,
    SESSIONS_TIMEBOX: auth.sessions.timebox,
    SESSIONS_INACTIVITY_TIMEOUT: auth.sessions.inactivity_timeout,
    MFA_MAX_ENROLLED_FACTORS: auth.mfa.max_enrolled_factors,
    MFA_TOTP_ENROLL_ENABLED: auth.mfa.totp.enroll_enabled,
    MFA_TOTP_VERIFY_ENABLED: auth.mfa.totp.verify_enabled,
    MFA_PHONE_ENROLL_ENABLED: auth.mfa.phone.enroll_enabled,
    MFA_PHONE_VERIFY_ENABLED: auth.mfa.phone.verify_enabled,
    MFA_PHONE_OTP_LENGTH: auth.mfa.phone.otp_length,
    MFA_PHONE_TEMPLATE: auth.mfa.phone.template,
    MFA_PHONE_MAX_FREQUENCY: auth.mfa.phone.max_frequency,
    RATE_LIMIT_OTP: auth.rate_limit.sign_in_sign_ups,
    RATE_LIMIT_VERIFY: auth.rate_limit.token_verifications,
    RATE_LIMIT_TOKEN_REFRESH: auth.rate_limit.token_refresh,
    RATE_LIMIT_ANONYMOUS_USERS: auth.rate_limit.anonymous_users,
    RATE_LIMIT_SMS_SENT: auth.rate_limit.sms_sent,
    RATE_LIMIT_WEB3: auth.rate_limit.web3,
    // The limit on mails protects a mail provider.
    RATE_LIMIT_EMAIL_SENT: smtp?.enabled === true ? auth.rate_limit.email_sent : 360_000,
    MFA_WEB_AUTHN_ENROLL_ENABLED: auth.mfa.web_authn.enroll_enabled,
    MFA_WEB_AUTHN_VERIFY_ENABLED: auth.mfa.web_authn.verify_enabled,
    PASSKEY_ENABLED: auth.passkey.enabled,
    WEBAUTHN_RP_DISPLAY_NAME: auth.webauthn.rp_display_name,
    WEBAUTHN_RP_ID: auth.webauthn.rp_id,
    WEBAUTHN_RP_ORIGINS: auth.webauthn.rp_origins?.join(","),
    OAUTH_SERVER_ENABLED: auth.oauth_server.enabled,
    OAUTH_SERVER_AUTHORIZATION_PATH: auth.oauth_server.authorization_url_path,
    OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION: auth.oauth_server.allow_dynamic_registration,
    EXTERNAL_WEB3_SOLANA_ENABLED: auth.web3.solana?.enabled ?? false,
    EXTERNAL_WEB3_ETHEREUM_ENABLED: auth.web3.ethereum?.enabled ?? false,
    SECURITY_CAPTCHA_ENABLED: auth.captcha?.enabled,
    SECURITY_CAPTCHA_PROVIDER: auth.captcha?.provider,
    SECURITY_CAPTCHA_SECRET: auth.captcha?.secret,
  };
  if (smtp?.enabled === true) {
    Object.assign(variables, {
      SMTP_HOST: smtp.host,
      SMTP_PORT: smtp.port,
      SMTP_USER: smtp.user,
      SMTP_PASS: smtp.pass,
      SMTP_ADMIN_EMAIL: smtp.admin_email,
      SMTP_SENDER_NAME: smtp.sender_name,
    });
  }
  for (const kind of ["INVITE", "CONFIRMATION", "RECOVERY", "EMAIL_CHANGE"]) {
    variables[`MAILER_URLPATHS_${kind}`] = `${externalUrl}/verify`;
  }
  for (const [name, mail] of mailsOf(instance.config)) {
    variables[`MAILER_SUBJECTS_${name.toUpperCase()}`] = mail.subject;
    if (mail.content_path === undefined) continue;
    variables[`MAILER_TEMPLATES_${name.toUpperCase()}`] = `${apiUrl(instance)}/email/${name}.html`;
  }
  for (const [name, notification] of Object.entries(auth.email.notification)) {
    variables[`MAILER_NOTIFICATIONS_${name.toUpperCase()}_ENABLED`] = notification.enabled;
  }
  const { twilio, twilio_verify, messagebird, textlocal, vonage } = auth.sms;
  const senders = Object.entries({ twilio, twilio_verify, messagebird, textlocal, vonage });
  for (const [name, { enabled: _enabled, ...account }] of senders.filter(([, sender]) => sender.enabled)) {
    variables.SMS_PROVIDER = name;
    for (const [field, value] of Object.entries(account)) {
      variables[`SMS_${name}_${field}`.toUpperCase()] = String(value);
    }
  }
  for (const [name, hook] of Object.entries(auth.hook)) {
    variables[`HOOK_${name.toUpperCase()}_ENABLED`] = hook.enabled;
    variables[`HOOK_${name.toUpperCase()}_URI`] = hook.uri;
    variables[`HOOK_${name.toUpperCase()}_SECRETS`] = hook.secrets;
  }
  for (const [name, provider] of Object.entries(auth.external)) {
    const prefix = `EXTERNAL_${name.toUpperCase()}`;
    variables[`${prefix}_ENABLED`] = provider.enabled;
    variables[`${prefix}_CLIENT_ID`] = provider.client_id;
    variables[`${prefix}_SECRET`] = provider.secret;
    variables[`${prefix}_REDIRECT_URI`] = provider.redirect_uri || `${issuer}/callback`;
    variables[`${prefix}_URL`] = provider.url;
    variables[`${prefix}_SKIP_NONCE_CHECK`] = provider.skip_nonce_check;
    variables[`${prefix}_EMAIL_OPTIONAL`] = provider.email_optional;
  }
  const settings = Object.entries(variables).filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => [`GOTRUE_${name}`, String(value)]);
  return {
    ...Object.fromEntries(settings),
    API_EXTERNAL_URL: externalUrl,
    PORT: String(instance.ports.auth),
    DATABASE_URL: databaseUrl(instance, "supabase_auth_admin"),
  };
}
