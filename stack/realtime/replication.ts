import postgres from "postgres";
import { LogicalDecoder } from "./pgoutput.ts";
import type { Change, Transaction } from "./pgoutput.ts";

export interface StreamOptions {
  databaseUrl: string;
  slot: string;
  /** A temporary slot is made for this stream and goes with it. */
  temporary: boolean;
  publication: string;
  /** Where to go on; the slot's own position when it is further. */
  from: bigint;
  /** Called in the order of the commits. */
  onChange: (change: Change, transaction: Transaction) => void;
  /** Called when everything up to a position has been handed over. */
  onProgress: (position: bigint) => void;
}

export interface Stream {
  closed: Promise<Error | null>;
  stop: () => Promise<void>;
}

const epoch = Date.UTC(2000, 0, 1);
const [walData, keepAlive] = ["w", "k"].map((letter) => letter.charCodeAt(0));

/** Streams the changes of a publication from a logical replication slot (plug-in pgoutput). */
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
    if (options.temporary) {
      await sql.unsafe(
        `CREATE_REPLICATION_SLOT ${options.slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
      );
    }
    const wire = await sql.unsafe(
      `START_REPLICATION SLOT ${options.slot} LOGICAL ${formatLsn(options.from)} ` +
        `(proto_version '1', publication_names '${options.publication}')`,
    ).writable();
    const decoder = new LogicalDecoder();
    let transaction: Transaction | null = null;
    const progress = (position: bigint) => {
      options.onProgress(position);
      wire.write(statusUpdate(position));
    };

    wire.on("data", (chunk: Buffer) => {
      // Everything before a keep-alive has been handled: the stream is in order.
      if (chunk[0] === keepAlive) return progress(chunk.readBigUInt64BE(1));
      if (chunk[0] !== walData) return;
      const message = decoder.decode(chunk.subarray(25));
      if (message.kind === "begin") transaction = message.transaction;
      else if (message.kind === "change" && transaction) options.onChange(message.change, transaction);
      else if (message.kind === "commit") progress(message.end);
    });

    const closed = new Promise<Error | null>((resolve) => {
      wire.once("error", (error: Error) => resolve(error));
      wire.once("close", () => resolve(null));
    });
    void closed.then(() => sql.end({ timeout: 0 }));
    return {
      closed,
      stop: () => {
        // What still arrives is left to the next stream.
        wire.removeAllListeners("data");
        return sql.end({ timeout: 0 });
      },
    };
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}

/** Tells the server that everything up to a position need not be sent again. */
function statusUpdate(position: bigint): Buffer {
  const status = Buffer.alloc(34);
  status.write("r");
  for (const offset of [1, 9, 17]) status.writeBigUInt64BE(position, offset);
  status.writeBigInt64BE(BigInt(Date.now() - epoch) * 1000n, 25);
  return status;
}

export function formatLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase();
}

export function parseLsn(text: string): bigint {
  const [high = "0", low = "0"] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
