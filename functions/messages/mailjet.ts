import mailjet from "node-mailjet";
import * as z from "zod";
import { failureOf, type Outcome, type Sender } from "./handler.ts";

/** What the mail provider needs to know. */
export interface MailjetSettings {
  apiKey: string;
  apiSecret: string;
  /** Address of the provider's API. */
  url: string;
  fromAddress: string;
  fromName: string;
  timeoutSeconds: number;
}

const answer = z.object({
  Messages: z.array(z.object({
    Status: z.string(),
    To: z.array(z.object({ MessageID: z.union([z.number(), z.string()]).optional() })).optional(),
    Errors: z.array(z.object({ ErrorMessage: z.string().optional() })).optional(),
  })),
});

const failure = z.object({
  statusCode: z.number().nullish(),
  message: z.string().optional(),
  response: z.object({ headers: z.looseObject({ "retry-after": z.string().optional() }) }).nullish().catch(
    null,
  ),
});

/** Sends mails through Mailjet's Send API v3.1. */
export function mailjetSender(settings: MailjetSettings): Sender {
  const { protocol, host } = new URL(settings.url);
  // The library knows only https; a test server on this machine speaks http.
  if (protocol === "http:") Object.assign(mailjet.Request, { protocol: "http://" });
  const client = mailjet.Client.apiConnect(settings.apiKey, settings.apiSecret, {
    config: { host, version: "v3.1" },
    options: { timeout: settings.timeoutSeconds * 1000 },
  });
  return {
    provider: "mailjet",
    async send(message): Promise<Outcome> {
      try {
        const { body } = await client.post("send").request({
          Messages: [{
            From: { Email: settings.fromAddress, Name: settings.fromName },
            To: [{ Email: message.recipient }],
            Subject: message.subject ?? "",
            TextPart: message.body_text,
            HTMLPart: message.body_html ?? "",
            CustomID: message.id,
            // The provider drops a second mail of one campaign to one address: a worker that died after sending and
            // is repeated sends nothing twice.
            CustomCampaign: message.id,
            DeduplicateCampaign: true,
          }],
        });
        const sent = answer.parse(body).Messages[0];
        if (sent?.Status === "success") {
          return { outcome: "sent", providerMessageId: sent.To?.[0]?.MessageID?.toString() };
        }
        return { outcome: "refused", error: sent?.Errors?.[0]?.ErrorMessage ?? "refused without a reason" };
      } catch (error) {
        const { statusCode, message: text, response } = failure.catch({}).parse(error);
        return failureOf(
          statusCode,
          text ?? `status ${statusCode ?? "unknown"}`,
          response?.headers["retry-after"],
        );
      }
    },
  };
}
