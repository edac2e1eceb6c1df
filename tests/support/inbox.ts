import { setTimeout as sleep } from "node:timers/promises";
import { database } from "./database.ts";

export interface Message {
  id: string;
  channel: "email" | "sms";
  template: string;
  recipient: string;
  subject: string | null;
  body_text: string;
  body_html: string | null;
}

/** The newest message to a mail address or phone number, waited for up to five seconds. */
export async function latestMessage(recipient: string, template?: string): Promise<Message> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const [message] = await database<Message[]>`
      select * from private.rendered_messages
      where recipient = ${recipient} and (${template ?? null}::text is null or template = ${template ?? null})
      order by created_at desc, id limit 1`;
    if (message) return message;
    await sleep(100);
  }
  throw new Error(`No ${template ?? "message"} was sent to ${recipient}`);
}

/** The one-time code in a message. */
export function codeOf(message: Message): string {
  const code = /code is (\d{6,10})|code (\d{6,10})/.exec(message.body_text);
  if (!code) throw new Error(`No code in: ${message.body_text}`);
  return (code[1] ?? code[2]) as string;
}

/** The first link in a message. */
export function linkOf(message: Message): string {
  const link = /https?:\/\/\S+/.exec(message.body_text)?.[0];
  if (!link) throw new Error(`No link in: ${message.body_text}`);
  return link;
}
