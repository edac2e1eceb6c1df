import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { html, raw } from "hono/html";
import postgres from "postgres";
import * as z from "zod";

const settings = z.object({ PORT: z.coerce.number(), DATABASE_URL: z.url() }).parse(process.env);
const sql = postgres(settings.DATABASE_URL, { max: 2, onnotice: () => {} });

const message = z.object({
  id: z.coerce.string(),
  created_at: z.date().transform((time) => time.toISOString()),
  channel: z.enum(["email", "sms"]),
  recipient: z.string(),
  subject: z.string().nullable(),
  body_text: z.string().nullable(),
  body_html: z.string().nullable(),
  template: z.string().nullable(),
});
type Message = z.infer<typeof message>;

/** The newest messages, of one recipient or of all. */
async function readMessages(recipient: string | undefined): Promise<Message[]> {
  const rows = await sql`
    select id, created_at, channel, recipient, subject, body_text, body_html, template
    from private.rendered_messages
    where ${recipient === undefined ? sql`true` : sql`recipient = ${recipient}`}
    order by created_at desc, id desc
    limit 200
  `;
  return z.array(message).parse([...rows]);
}

function body(message: Message) {
  // A mail is a stranger's page: without scripts, forms and an origin.
  if (message.body_html !== null) {
    return html`
      <iframe sandbox="allow-popups" title="The mail" srcdoc="${message.body_html}"></iframe>
      <details>
        <summary>Plain text</summary>
        <pre>${message.body_text ?? ""}</pre>
      </details>
    `;
  }
  return html`<pre>${message.body_text ?? ""}</pre>`;
}

const style = raw(`<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
  article { border: 1px solid #8886; border-radius: 8px; padding: 1rem; margin: 1rem 0; }
  iframe { width: 100%; height: 22rem; border: 0; background: white; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  small { color: #666; }
</style>`);

function page(messages: Message[]) {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Inbox</title>
            ${style}
          </head>
      <body>
            <h1>Inbox</h1>
            <p>Mails and texts that the backend wanted to send; none of them left this machine. <a href="/">Refresh</a></p>
            ${messages.length === 0 ? html`<p>Nothing yet.</p>` : ""}
            ${messages.map((message) =>
              html`<article>
          <strong>${message.subject ?? "Text message"}</strong><br>
          <small>${message.channel} to ${message.recipient}, ${message.created_at}</small>
          ${body(message)}
        </article>`
            )}
          </body>
    </html>
  `;
}

const application = new Hono();
application.get("/health", (context) => context.json({ name: "inbox" }));
application.get(
  "/api/messages",
  async (context) => context.json(await readMessages(context.req.query("recipient"))),
);
application.get("/", async (context) => {
  context.header(
    "content-security-policy",
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'",
  );
  return context.html(page(await readMessages(context.req.query("recipient"))));
});
application.onError((error, context) => {
  console.error(JSON.stringify({ level: "error", message: String(error) }));
  return context.json({ message: `The messages cannot be read: ${error.message}` }, 503);
});

const server = serve({ fetch: application.fetch, port: settings.PORT, hostname: "127.0.0.1" });
process.on("SIGTERM", () => server.close(() => process.exit(0)));
