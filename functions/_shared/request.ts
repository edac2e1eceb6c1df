import { isIP } from "node:net";

const acceptableRequestId = /^[\w.:-]{8,100}$/;

/** The caller's own request id when it is a plain word, else a new one; it goes into logs and the reply. */
export function requestId(request: Request): string {
  const given = request.headers.get("x-request-id") ?? "";
  return acceptableRequestId.test(given) ? given : crypto.randomUUID();
}

/**
 * The client's network address: the one the platform's edge writes itself, else the first that the proxies in front
 * of the function name, else the peer's.
 */
export function clientAddress(request: Request, peer?: string): string | null {
  const connecting = request.headers.get("cf-connecting-ip")?.trim() ?? "";
  const forwarded = request.headers.get("x-forwarded-for")?.split(",", 1)[0]?.trim() ?? "";
  for (const address of [connecting, forwarded, peer ?? ""]) if (isIP(address) !== 0) return address;
  return null;
}

/** Where a call comes from, for whoever looks back at what it did. */
export interface Origin {
  address: string | null;
  userAgent: string | null;
  requestId: string;
}

/**
 * The origin as the database reads it, in the words of PostgREST: the JSON for the setting `request.headers`. A statement takes it along
 * with `from set_config('request.headers', …, true)`, in the same round trip.
 */
export function headersOf({ address, userAgent, requestId }: Origin): string {
  return JSON.stringify({ "x-forwarded-for": address, "user-agent": userAgent, "x-request-id": requestId });
}

/** Where an HTTP request comes from. */
export function originOf(request: Request, id: string, peer?: string): Origin {
  return {
    address: clientAddress(request, peer),
    userAgent: request.headers.get("user-agent"),
    requestId: id,
  };
}

/** A request body was longer than allowed. */
export class BodyTooLarge extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`The body is larger than ${limit} bytes`);
    this.limit = limit;
  }
}

/**
 * Reads a body of at most `limit` bytes. One whose length is declared is held to it by the HTTP server; one without
 * is counted as it arrives.
 */
export async function readBody(request: Request, limit: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? Infinity);
  // Only asked for here: a body that was once made a stream is read at several times the cost.
  if (declared > limit) {
    return request.body === null ? new Uint8Array() : await countBody(request.body, limit);
  }
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.byteLength > limit) throw new BodyTooLarge(limit);
  return body;
}

/**
 * The rest of a body that is too long is read and dropped, up to four times the limit, so that the client gets to
 * the point where it reads the answer.
 */
async function countBody(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
    else chunks.length = 0;
    if (length > 4 * limit) break;
  }
  if (length > limit) throw new BodyTooLarge(limit);
  return concatenate(chunks, length);
}

function concatenate(chunks: Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
