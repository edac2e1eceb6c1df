/** Names a text by what it says. */
async function etagOf(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `"${[...hash.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** Whether the caller says to have this very text. Without If-None-Match it is always new. */
export async function isKnown(request: Request, text: string): Promise<boolean> {
  const known = request.headers.get("if-none-match");
  if (known === null) return false;
  const etag = await etagOf(text);
  return known.split(",").some((tag) => [etag, "*"].includes(tag.trim().replace(/^W\//, "")));
}

/** What was asked for, or that the caller still has it. */
export async function json(request: Request, body: unknown): Promise<Response> {
  const text = JSON.stringify(body);
  const headers = {
    etag: await etagOf(text),
    "cache-control": "private, no-cache",
    vary: "accept, authorization, x-api-key",
  };
  if (await isKnown(request, text)) return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, "content-type": "application/json" } });
}

/** Any page may call: nothing here depends on a cookie. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, HEAD, POST, PUT, OPTIONS",
      "access-control-allow-headers":
        "apikey, authorization, content-type, idempotency-key, if-none-match, last-event-id, " +
        "x-api-key, x-client-info, x-request-id",
      "access-control-max-age": "3600",
    },
  });
}
