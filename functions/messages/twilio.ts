import twilio from "twilio";
import { failureOf, type Message, type Outcome, type Sender } from "./handler.ts";

/** What the provider of texts needs to know. */
export interface TwilioSettings {
  accountSid: string;
  authToken: string;
  /** Address of the provider's API. */
  url: string;
  fromNumber: string;
  timeoutSeconds: number;
}

/** The provider has enough for now. The library's own error forgets for how long. */
class Busy extends Error {
  readonly retryAfter: unknown;

  constructor(retryAfter: unknown) {
    super("The provider has too many requests");
    this.retryAfter = retryAfter;
  }
}

/** Sends texts through Twilio's Messages resource. */
export function twilioSender(settings: TwilioSettings): Sender {
  const httpClient = new twilio.RequestClient({ timeout: settings.timeoutSeconds * 1000 });
  // The library knows only the provider's own host; a test server is another one.
  httpClient.axios.interceptors.request.use((request) => {
    const { pathname, search } = new URL(request.url ?? "", settings.url);
    request.url = new URL(pathname + search, settings.url).href;
    return request;
  });
  httpClient.axios.interceptors.response.use((response) => {
    if (response.status === 429) throw new Busy(response.headers["retry-after"]);
    return response;
  });
  const client = twilio(settings.accountSid, settings.authToken, { httpClient });

  /** Twilio takes no idempotency key, so after an interruption its own list says whether the text went out. */
  async function alreadySent(message: Message): Promise<string | undefined> {
    const to = international(message.recipient);
    const earlier = await client.messages.list({ to, dateSentAfter: message.created_at, limit: 50 });
    return earlier.find(({ body }) => body === message.body_text)?.sid;
  }

  return {
    provider: "twilio",
    async send(message): Promise<Outcome> {
      try {
        const earlier = message.was_interrupted ? await alreadySent(message) : undefined;
        if (earlier !== undefined) return { outcome: "sent", providerMessageId: earlier };
        const sent = await client.messages.create({
          to: international(message.recipient),
          from: settings.fromNumber,
          body: message.body_text,
        });
        return { outcome: "sent", providerMessageId: sent.sid };
      } catch (error) {
        if (error instanceof Busy) return failureOf(429, error.message, error.retryAfter);
        if (error instanceof twilio.RestException) return failureOf(error.status, error.message);
        throw error;
      }
    },
  };
}

/** Auth keeps phone numbers without the plus sign. */
function international(phone: string): string {
  return phone.startsWith("+") ? phone : `+${phone}`;
}
