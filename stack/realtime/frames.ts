/** The two wire formats of the protocol: objects (1.0.0), and arrays with binary frames (2.0.0). */
export type Version = "1.0.0" | "2.0.0";

export type Reference = string | number | null;
export type Encoded = string | Buffer;

/** A broadcast whose payload is passed on as the bytes that came in. */
export interface UserBroadcast {
  event: string;
  encoding: "json" | "binary";
  payload: Buffer;
  meta?: Record<string, unknown>;
}

export interface Message {
  joinRef: Reference;
  ref: Reference;
  topic: string;
  event: string;
  payload: unknown;
}

/** A message from a client; `userBroadcast` instead of a payload when it came as a binary broadcast. */
export interface Incoming extends Message {
  userBroadcast?: UserBroadcast;
}

const kinds = { push: 0, broadcast: 2, userBroadcastPush: 3, userBroadcast: 4 } as const;
const encodings = { binary: 0, json: 1 } as const;

/** Why a frame could not be understood; the connection survives it. */
export class MalformedFrame extends Error {}

/** Reads a frame of a client. */
export function decode(version: Version, data: Buffer, isBinary: boolean): Incoming {
  if (isBinary && version === "2.0.0") return decodeBinary(data);
  const value: unknown = parseJson(data.toString("utf8"));
  const message = version === "2.0.0" ? fromArray(value) : fromObject(value);
  if (typeof message.topic !== "string" || typeof message.event !== "string") {
    throw new MalformedFrame("topic and event must be strings");
  }
  return message;
}

function fromArray(value: unknown): Incoming {
  if (!Array.isArray(value) || value.length < 5) {
    throw new MalformedFrame("expected an array [join_ref, ref, topic, event, payload]");
  }
  return {
    joinRef: reference(value[0]),
    ref: reference(value[1]),
    topic: value[2],
    event: value[3],
    payload: value[4],
  };
}

function fromObject(value: unknown): Incoming {
  if (!isRecord(value)) throw new MalformedFrame("expected an object {topic, event, payload, ref}");
  return {
    joinRef: reference(value.join_ref),
    ref: reference(value.ref),
    topic: value.topic as string,
    event: value.event as string,
    payload: value.payload,
  };
}

function decodeBinary(data: Buffer): Incoming {
  const kind = data[0];
  if (kind === kinds.push) {
    const { fields: [joinRef, ref, topic, event], rest } = split(data, 4, 5);
    return { joinRef: text(joinRef), ref: text(ref), topic: utf8(topic), event: utf8(event), payload: rest };
  }
  if (kind === kinds.userBroadcastPush) {
    const { fields: [joinRef, ref, topic, event, metadata], rest: payload } = split(data, 5, 7);
    if (metadata?.length) parseJson(utf8(metadata));
    return {
      joinRef: text(joinRef),
      ref: text(ref),
      topic: utf8(topic),
      event: "broadcast",
      payload: null,
      userBroadcast: {
        event: utf8(event),
        encoding: data[6] === encodings.binary ? "binary" : "json",
        payload,
      },
    };
  }
  throw new MalformedFrame(`unknown kind of binary frame: ${kind}`);
}

/** Cuts the fields whose sizes follow the kind byte; `fieldsAt` is where the first of them starts. */
function split(data: Buffer, count: number, fieldsAt: number): { fields: Buffer[]; rest: Buffer } {
  const fields: Buffer[] = [];
  let offset = fieldsAt;
  for (let index = 1; index <= count; index++) {
    const size = data[index];
    if (size === undefined || offset + size > data.length) {
      throw new MalformedFrame("binary frame is cut short");
    }
    fields.push(data.subarray(offset, offset + size));
    offset += size;
  }
  return { fields, rest: data.subarray(offset) };
}

/** A message to one member. */
export function encode(version: Version, message: Message): string {
  const { joinRef, ref, topic, event, payload } = message;
  return version === "2.0.0"
    ? JSON.stringify([joinRef, ref, topic, event, payload])
    : JSON.stringify({ topic, event, payload, ref });
}

/** A broadcast message whose payload is JSON text already: parsing it would round large numbers. */
export function encodeRaw(version: Version, topic: string, event: string, payload: string): string {
  const [name, type] = [JSON.stringify(topic), JSON.stringify(event)];
  return version === "2.0.0"
    ? `[null,null,${name},${type},${payload}]`
    : `{"topic":${name},"event":${type},"payload":${payload},"ref":null}`;
}

export function encodeReply(
  version: Version,
  to: Message,
  status: "ok" | "error",
  response: unknown,
): string {
  return encode(version, { ...to, event: "phx_reply", payload: { status, response } });
}

/** A broadcast's raw bytes: only 2.0.0 can carry them. */
export function encodeBinaryBroadcast(topic: string, event: string, data: Buffer): Buffer {
  return Buffer.concat([header(kinds.broadcast, [topic, event], []), data]);
}

/** A broadcast for members of one version; null when that version cannot carry it. */
export function encodeUserBroadcast(
  version: Version,
  topic: string,
  broadcast: UserBroadcast,
): Encoded | null {
  const { event, encoding, payload, meta } = broadcast;
  if (version === "2.0.0") {
    const metadata = meta ? JSON.stringify(meta) : "";
    return Buffer.concat([
      header(kinds.userBroadcast, [topic, event, metadata], [encodings[encoding]]),
      payload,
    ]);
  }
  if (encoding === "binary") return null;
  const fields = [
    `"type":"broadcast"`,
    `"event":${JSON.stringify(event)}`,
    `"payload":${payload.toString("utf8")}`,
  ];
  if (meta) fields.push(`"meta":${JSON.stringify(meta)}`);
  return encodeRaw(version, topic, "broadcast", `{${fields.join(",")}}`);
}

function header(kind: number, fields: string[], extra: number[]): Buffer {
  const encoded = fields.map((field) => Buffer.from(field, "utf8"));
  if (encoded.some((field) => field.length > 255)) {
    throw new MalformedFrame("topic, event and metadata must be at most 255 bytes");
  }
  return Buffer.concat([Buffer.from([kind, ...encoded.map((field) => field.length), ...extra]), ...encoded]);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new MalformedFrame("not JSON");
  }
}

function reference(value: unknown): Reference {
  return typeof value === "string" || typeof value === "number" ? value : null;
}

const utf8 = (part: Buffer | undefined) => (part ?? Buffer.alloc(0)).toString("utf8");
const text = (part: Buffer | undefined) => utf8(part) || null;
