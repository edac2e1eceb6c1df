import { errorState } from "../_shared/database.ts";
import type { Log } from "../_shared/log.ts";
import { BodyTooLarge, type Origin, originOf, readBody, requestId } from "../_shared/request.ts";
import type { Poll } from "./polls.ts";
import { TooManyCalls, type Turns } from "./turns.ts";

/** What a call of the protocol is handed to, and where it is reported. */
export interface Dependencies {
  /** Answers one command: the body and the reply are JSON texts; every rule is behind this function. */
  call(body: string, origin: Origin, patienceSeconds?: number): Promise<string>;
  /** Answers the command getSerial as `call` would, for less. */
  poll(poll: Poll): Promise<string>;
  /** Where calls with the same key wait for each other. */
  turns: Turns;
  log: Log;
  /** The address at the other end of the connection. */
  peer?: string | undefined;
}

/** Made once: the program polls all night, and a reader of its own for each call would cost more than the reading. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

type Body = Record<string, unknown>;

const longestBody = 8 * 1024 * 1024;
/** A song lies three levels deep; nothing in the protocol lies deeper than four. */
const deepestNesting = 8;
const longestCommand = 64;

/**
 * How long an upload waits for a database that has gone. The program looks at no reply and sends no batch again, so a
 * batch that is given up would be missing from the book; it waits itself as long as it takes.
 */
const uploadPatienceSeconds = 60;

const busy = "The server is busy, try again";

const help = `This is the address of a karaoke request server.

In OpenKJ's settings, switch on the request server, paste this address as its URL and your API key below it, and
press "Test". A web browser has nothing to see here.
`;

/** A call that cannot be answered, with the sentence that the person at the desktop program reads. */
class Refusal extends Error {}

/**
 * Answers one HTTP request of the OpenKJ protocol: always status 200, and one JSON document with `command`, `error`
 * and, on errors, `errorString`. The desktop program never reads the body of any other status.
 */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  const id = requestId(request);
  if (request.method === "GET" || request.method === "HEAD") {
    return reply(id, help, "text/plain; charset=utf-8");
  }
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: preflight });

  const started = performance.now();
  const report = { request_id: id, command: "" };
  try {
    const text = await read(request);
    const body = parse(text);
    report.command = commandOf(body);
    const call = withHeaderKey(storable(body, text), request.headers);
    const answer = await answerOf(
      call,
      call === body ? text : JSON.stringify(call),
      originOf(request, id, dependencies.peer),
      dependencies,
    );
    dependencies.log.debug("answered", { ...report, duration_ms: since(started) });
    return reply(id, answer);
  } catch (error) {
    const refusal = refusalOf(error);
    const fields = { ...report, duration_ms: since(started) };
    if (refusal) dependencies.log.info("refused", { ...fields, reason: refusal });
    else dependencies.log.error("failed", { ...fields, error });
    const answer = { command: report.command, error: true, errorString: refusal ?? busy };
    return reply(id, JSON.stringify(answer));
  }
}

/** Takes a call to the database: a poll the short way, others with the same key when it is their turn. */
function answerOf(
  body: Body,
  text: string,
  origin: Origin,
  dependencies: Dependencies,
): Promise<string> {
  const { api_key, command } = body;
  if (typeof api_key !== "string" || api_key === "") return dependencies.call(text, origin);
  if (command === "getSerial") return dependencies.poll({ api_key, address: origin.address });
  const patience = command === "clearDatabase" || command === "addSongs" ? uploadPatienceSeconds : undefined;
  return dependencies.turns.take(api_key, () => dependencies.call(text, origin, patience));
}

/** The text of a call, if it can be one. */
async function read(request: Request): Promise<string> {
  if (request.method !== "POST" && request.method !== "PUT") {
    throw new Refusal(`Commands are sent with POST, not ${request.method}`);
  }
  const bytes = await readBody(request, longestBody);
  if (bytes.byteLength === 0) throw new Refusal("The request has no body; send a JSON object with a command");
  if (nestsTooDeeply(bytes)) throw new Refusal("The request is nested too deeply");
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal("The request is not valid UTF-8");
  }
}

/** The fields of a call; what they mean is decided in the database. */
function parse(text: string): Body {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal("The request is not valid JSON");
  }
  if (!isObject(body)) throw new Refusal("The request must be a JSON object");
  return body;
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Counts open brackets outside of strings, before anything is built from a body made to exhaust memory. */
function nestsTooDeeply(json: Uint8Array): boolean {
  const [quote, backslash] = [0x22, 0x5c];
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (inString) {
      if (byte === backslash) index++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepestNesting) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** Only an escape can bring a NUL or half of a surrogate pair into a text that was valid UTF-8. */
const suspiciousEscape = /\\u(0000|d[89a-f])/i;

/**
 * PostgreSQL stores neither NUL nor half a surrogate pair. The desktop program drops a whole upload batch without
 * a word when it is refused, so a broken file tag costs one character there; any other call is refused.
 */
function storable(body: Body, text: string): Body {
  if (!suspiciousEscape.test(text)) return body;
  const isUpload = body["command"] === "addSongs";
  return JSON.parse(text, (key, value: unknown) => {
    const isBroken = typeof value === "string" && isUnstorable(value);
    if (isUnstorable(key) || (isBroken && !isUpload)) {
      throw new Refusal("The request contains a character that cannot be stored");
    }
    return isBroken ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value;
  }) as Body;
}

function isUnstorable(text: string): boolean {
  return text.includes("\0") || !text.isWellFormed();
}

/** The command to repeat in the reply, or an empty text when there is none worth repeating. */
function commandOf(body: Body): string {
  const command = body["command"];
  const isWorthIt = typeof command === "string" && command.length <= longestCommand && !isUnstorable(command);
  return isWorthIt ? command : "";
}

/** Programs other than OpenKJ may send the key as a header. A Supabase key in Authorization is the gateway's. */
function withHeaderKey(body: Body, headers: Headers): Body {
  if (body["api_key"] !== undefined && body["api_key"] !== "") return body;
  const bearer = /^Bearer\s+(sk_live_\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const key = headers.get("x-api-key") ?? bearer;
  return key === undefined || key === "" ? body : { ...body, api_key: key };
}

/** The sentence for errors that are the caller's; undefined for errors that are ours, whose text stays inside. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof Refusal) return error.message;
  if (error instanceof TooManyCalls) {
    return "Too many calls at once with this API key; wait for answers before sending more";
  }
  if (error instanceof BodyTooLarge) return "The request is larger than 8 MB; send fewer songs at once";
  const state = errorState(error);
  if (/^PT4/.test(state) && error instanceof Error) {
    return "detail" in error && typeof error.detail === "string" ? error.detail : error.message;
  }
  // Data exceptions and over-complex input: what was sent cannot be a value of the field it was sent for.
  if (/^(22|54)/.test(state)) return "The request cannot be read";
  return undefined;
}

function since(started: number): number {
  return Math.round(performance.now() - started);
}

/** Browsers may call too: nothing here depends on a cookie, so any page may read what its own key or guest may. */
const everyReply = {
  "x-content-type-options": "nosniff",
  "access-control-allow-origin": "*",
};

const preflight = {
  ...everyReply,
  "access-control-allow-methods": "POST, PUT, OPTIONS",
  "access-control-allow-headers":
    "authorization, apikey, content-type, x-api-key, x-client-info, x-request-id",
};

function reply(id: string, body: string, contentType = "application/json"): Response {
  return new Response(body, { headers: { ...everyReply, "content-type": contentType, "x-request-id": id } });
}
