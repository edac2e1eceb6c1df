import nodemailer from "nodemailer";
import type { Settings } from "./settings.ts";

export interface Mail {
  to: string;
  subject: string;
  html: string;
}

/** Delivers mails when no hook does. */
export type MailTransport = (mail: Mail) => Promise<void>;

/** Over SMTP; without a server's address mails vanish, as with the real server. */
export function createMailTransport(smtp: Settings["mail"]["smtp"]): MailTransport {
  if (smtp.host === "") return () => Promise.resolve();
  const transport = nodemailer.createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.port === 465,
    ...(smtp.user === "" ? {} : { auth: { user: smtp.user, pass: smtp.password } }),
  });
  const from = { name: smtp.senderName, address: smtp.sender };
  return async (mail) => {
    await transport.sendMail({ from, ...mail });
  };
}

const builtIn: Record<string, { subject: string; html: string }> = {
  confirmation: {
    subject: "Confirm your e-mail address",
    html: `<h2>Confirm your e-mail address</h2>
<p>Follow this link to confirm your account: <a href="{{ .ConfirmationURL }}">confirm</a></p>
<p>Or enter this code: {{ .Token }}</p>`,
  },
  invite: {
    subject: "You have been invited",
    html: `<h2>You have been invited</h2>
<p>You have been invited to {{ .SiteURL }}. <a href="{{ .ConfirmationURL }}">Accept the invitation</a></p>
<p>Or enter this code: {{ .Token }}</p>`,
  },
  magic_link: {
    subject: "Your sign-in link",
    html: `<h2>Sign in</h2>
<p><a href="{{ .ConfirmationURL }}">Sign in</a></p>
<p>Or enter this code: {{ .Token }}</p>`,
  },
  recovery: {
    subject: "Reset your password",
    html: `<h2>Reset your password</h2>
<p><a href="{{ .ConfirmationURL }}">Reset your password</a></p>
<p>Or enter this code: {{ .Token }}</p>`,
  },
  email_change: {
    subject: "Confirm your new e-mail address",
    html: `<h2>Confirm the change of your e-mail address</h2>
<p>From {{ .Email }} to {{ .NewEmail }}: <a href="{{ .ConfirmationURL }}">confirm</a></p>
<p>Or enter this code: {{ .Token }}</p>`,
  },
  reauthentication: {
    subject: "Your verification code",
    html: `<h2>Confirm that it is you</h2><p>Enter this code: {{ .Token }}</p>`,
  },
  ...notification("password_changed", "Your password has been changed"),
  ...notification(
    "email_changed",
    "Your e-mail address has been changed",
    " from {{ .OldEmail }} to {{ .Email }}",
  ),
  ...notification(
    "phone_changed",
    "Your phone number has been changed",
    " from {{ .OldPhone }} to {{ .Phone }}",
  ),
  ...notification("identity_linked", "A new way to sign in has been added", ": {{ .Provider }}"),
  ...notification("identity_unlinked", "A way to sign in has been removed", ": {{ .Provider }}"),
  ...notification("mfa_factor_enrolled", "A second factor has been added", ": {{ .FactorType }}"),
  ...notification("mfa_factor_unenrolled", "A second factor has been removed", ": {{ .FactorType }}"),
};

function notification(name: string, subject: string, details = ""): typeof builtIn {
  return {
    [`${name}_notification`]: {
      subject,
      html: `<h2>${subject}</h2><p>This concerns your account {{ .Email }} at {{ .SiteURL }}${details}.</p>`,
    },
  };
}

/** What templates may mention. */
export interface TemplateValues {
  SiteURL: string;
  Email: string;
  Token?: string;
  Data: Record<string, unknown>;
  ConfirmationURL?: string;
  TokenHash?: string;
  RedirectTo?: string;
  NewEmail?: string;
  SendingTo?: string;
  OldEmail?: string;
  OldPhone?: string;
  Phone?: string;
  Provider?: string;
  FactorType?: string;
}

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function valueOf(values: TemplateValues, path: string): string {
  let value: unknown = values;
  for (const key of path.split(".")) {
    const object: unknown = value;
    if (typeof object !== "object" || object === null || !Object.hasOwn(object, key)) return "";
    value = (object as Record<string, unknown>)[key];
  }
  return typeof value === "string"
    ? value
    : value === undefined || value === null
    ? ""
    : JSON.stringify(value);
}

function fill(template: string, values: TemplateValues, encode: (text: string) => string): string {
  return template.replaceAll(
    /\{\{-?\s*\.([A-Za-z0-9_.]+)\s*-?\}\}/g,
    (_, path: string) => encode(valueOf(values, path)),
  );
}

const loaded = new Map<string, string>();

/** A template of the settings is a URL; when it cannot be read, the built-in one serves. */
async function loadTemplate(url: string, fallback: string): Promise<string> {
  if (url === "") return fallback;
  const known = loaded.get(url);
  if (known !== undefined) return known;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) return fallback;
    const text = await response.text();
    loaded.set(url, text);
    return text;
  } catch {
    return fallback;
  }
}

/** Subject and text of a mail, with every value escaped. */
export async function renderMail(
  settings: Settings["mail"],
  kind: string,
  to: string,
  values: TemplateValues,
): Promise<Mail> {
  const fallback = builtIn[kind] ?? { subject: kind, html: "{{ .Token }}" };
  const html = await loadTemplate(settings.templates[kind] ?? "", fallback.html);
  const subject = settings.subjects[kind] || fallback.subject;
  return {
    to,
    subject: fill(subject, values, (text) => text.replaceAll(/[\r\n]+/g, " ")),
    html: fill(html, values, (text) => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "")),
  };
}
