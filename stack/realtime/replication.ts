import postgres from "postgres";

/** One row as the server sent it: every value in its text form. */
export type Row = Record<string, string | null>;

export interface StreamOptions {
  databaseUrl: string;
  slot: string;
  publication: string;
  /** Where to go on; the slot's own position when it is further. */
  from: bigint;
  /** Called in commit order. */
  onInsert: (row: Row) => void;
  /** Called when everything up to a position has been handed over. */
  onProgress: (position: bigint) => void;
}

export interface Stream {
  closed: Promise<Error | null>;
  stop: () => Promise<void>;
}

const epoch = Date.UTC(2000, 0, 1);
const [commit, relation, insert] = ["C", "R", "I"].map((letter) => letter.charCodeAt(0));
const [walData, keepAlive] = ["w", "k"].map((letter) => letter.charCodeAt(0));

/** Streams the inserted rows of a publication from a logical replication slot (plug-in pgoutput). */
export async function openStream(options: StreamOptions): Promise<Stream> {
  const sql = postgres(options.databaseUrl, {
    max: 1,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    onnotice: () => {},
    connection: { replication: "database", application_name: "realtime_replication" } as Record<
      string,
      string
    >,
  });
  try {
    const wire = await sql.unsafe(
      `START_REPLICATION SLOT ${options.slot} LOGICAL ${formatLsn(options.from)} ` +
        `(proto_version '1', publication_names '${options.publication}')`,
    ).writable();
    const relations = new Map<number, string[]>();

    wire.on("data", (chunk: Buffer) => {
      if (chunk[0] === walData) {
        const message = chunk.subarray(25);
        read(message, relations, options.onInsert);
        if (message[0] === commit) confirm(message.readBigUInt64BE(10));
      } else if (chunk[0] === keepAlive) {
        // Everything before a keep-alive has been handled: the stream is in order.
        confirm(chunk.readBigUInt64BE(1));
      }
    });

    function confirm(position: bigint): void {
      options.onProgress(position);
      const status = Buffer.alloc(34);
      status.write("r");
      for (const offset of [1, 9, 17]) status.writeBigUInt64BE(position, offset);
      status.writeBigInt64BE(BigInt(Date.now() - epoch) * 1000n, 25);
      wire.write(status);
    }

    const closed = new Promise<Error | null>((resolve) => {
      wire.once("error", (error: Error) => resolve(error));
      wire.once("close", () => resolve(null));
    });
    void closed.then(() => sql.end({ timeout: 0 }));
    return { closed, stop: () => sql.end({ timeout: 1 }) };
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}

function read(message: Buffer, relations: Map<number, string[]>, onInsert: (row: Row) => void): void {
  if (message[0] === relation) {
    relations.set(message.readUInt32BE(1), readColumns(message));
  } else if (message[0] === insert) {
    onInsert(readTuple(message, 6, relations.get(message.readUInt32BE(1)) ?? []));
  }
}

function readColumns(message: Buffer): string[] {
  let offset = 5;
  const string = () => {
    const end = message.indexOf(0, offset);
    const value = message.toString("utf8", offset, end);
    offset = end + 1;
    return value;
  };
  string();
  string();
  offset += 1;
  const count = message.readUInt16BE(offset);
  offset += 2;
  const columns: string[] = [];
  for (let index = 0; index < count; index++) {
    offset += 1;
    columns.push(string());
    offset += 8;
  }
  return columns;
}

function readTuple(message: Buffer, start: number, columns: string[]): Row {
  let offset = start + 2;
  const row: Row = {};
  for (const column of columns) {
    const kind = String.fromCharCode(message[offset] ?? 0);
    offset += 1;
    if (kind !== "t") {
      row[column] = null;
      continue;
    }
    const length = message.readUInt32BE(offset);
    offset += 4;
    row[column] = message.toString("utf8", offset, offset + length);
    offset += length;
  }
  return row;
}

export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}

export function parseLsn(text: string): bigint {
  const [high = "0", low = "0"] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
