import * as z from "zod";
import { connect, reconnecting } from "../_shared/database.ts";
import { databaseSettings, readEnvironment } from "../_shared/env.ts";
import { createLog } from "../_shared/log.ts";
import { projectKeyCheck, projectKeySettings } from "../_shared/project-keys.ts";
import { handle, type Message, type Sender } from "./handler.ts";
import { mailjetSender } from "./mailjet.ts";
import { twilioSender } from "./twilio.ts";

const settings = readEnvironment({
  ...databaseSettings,
  ...projectKeySettings,
  MAIL_PROVIDER: z.enum(["mailjet", "log"]).default("log"),
  MAIL_FROM_ADDRESS: z.email().default("karaoke@example.com"),
  MAIL_FROM_NAME: z.string().default("Karaoke"),
  MAILJET_API_KEY: z.string().default(""),
  MAILJET_API_SECRET: z.string().default(""),
  MAILJET_URL: z.url().default("https://api.mailjet.com"),
  SMS_PROVIDER: z.enum(["twilio", "log"]).default("log"),
  TWILIO_ACCOUNT_SID: z.string().default(""),
  TWILIO_AUTH_TOKEN: z.string().default(""),
  TWILIO_FROM_NUMBER: z.string().default(""),
  TWILIO_URL: z.url().default("https://api.twilio.com"),
  PROVIDER_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(60).default(10),
}, Deno.env.toObject());

const log = createLog("messages", settings.LOG_LEVEL);
const database = connect(settings.SUPABASE_DB_URL, { role: "message_worker", connections: 2 });
const timeoutSeconds = settings.PROVIDER_TIMEOUT_SECONDS;

/** Sends nothing: the message stays readable in the outbox, where the inbox page shows it. */
const nowhere: Sender = { provider: "log", send: () => Promise.resolve({ outcome: "sent" }) };

const senders = {
  email: settings.MAIL_PROVIDER === "mailjet"
    ? mailjetSender({
      apiKey: settings.MAILJET_API_KEY,
      apiSecret: settings.MAILJET_API_SECRET,
      url: settings.MAILJET_URL,
      fromAddress: settings.MAIL_FROM_ADDRESS,
      fromName: settings.MAIL_FROM_NAME,
      timeoutSeconds,
    })
    : nowhere,
  sms: settings.SMS_PROVIDER === "twilio"
    ? twilioSender({
      accountSid: settings.TWILIO_ACCOUNT_SID,
      authToken: settings.TWILIO_AUTH_TOKEN,
      url: settings.TWILIO_URL,
      fromNumber: settings.TWILIO_FROM_NUMBER,
      timeoutSeconds,
    })
    : nowhere,
};

const isAllowed = projectKeyCheck(settings);

Deno.serve((request) =>
  handle(request, {
    senders,
    isAllowed,
    log,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    claim: (limit) => reconnecting(() => database<Message[]>`select * from private.claim_messages(${limit})`),
    finish: (message, provider, { outcome, providerMessageId, error, retryAfter }) =>
      reconnecting(async () => {
        const [row] = await database<{ retry_in: string | null }[]>`
          select private.finish_message(
            ${message.id}, ${message.attempt}, ${outcome}, ${provider}, ${providerMessageId ?? null},
            ${error ?? null}, ${retryAfter ?? null}
          ) as retry_in`;
        return row?.retry_in == null ? null : Number(row.retry_in);
      }),
  })
);
