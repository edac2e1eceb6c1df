/** One row: every value in its text form; a value that was not sent is missing. */
export type Row = Record<string, string | null>;

export interface Column {
  name: string;
  isKey: boolean;
}

export interface Relation {
  schema: string;
  table: string;
  columns: Column[];
}

export type Change =
  & { relation: Relation }
  & (
    | { action: "I"; row: Row }
    | { action: "U"; row: Row; old: Row | null }
    | { action: "D"; old: Row }
  );

export interface Transaction {
  xid: number;
  committedAt: Date;
}

export type LogicalMessage =
  | { kind: "begin"; transaction: Transaction }
  | { kind: "change"; change: Change }
  | { kind: "commit"; end: bigint }
  | { kind: "other" };

const postgresEpoch = Date.UTC(2000, 0, 1);

/** Reads the messages of the plug-in pgoutput, protocol version 1; keeps the relations that it announces. */
export class LogicalDecoder {
  #relations = new Map<number, Relation>();

  decode(data: Buffer): LogicalMessage {
    const message = new Reader(data);
    switch (message.character()) {
      case "B": {
        message.skip(8);
        const microseconds = message.int64();
        const committedAt = new Date(postgresEpoch + Number(microseconds / 1000n));
        return { kind: "begin", transaction: { xid: message.int32(), committedAt } };
      }
      case "C":
        message.skip(9);
        return { kind: "commit", end: message.int64() };
      case "R":
        this.#relations.set(message.int32(), readRelation(message));
        return { kind: "other" };
      case "I": {
        const relation = this.#relation(message.int32());
        message.skip(1);
        return {
          kind: "change",
          change: { action: "I", relation, row: readTuple(message, relation.columns) },
        };
      }
      case "U": {
        const relation = this.#relation(message.int32());
        const old = message.peek() === "N" ? null : readOld(message, relation);
        message.skip(1);
        return {
          kind: "change",
          change: { action: "U", relation, old, row: readTuple(message, relation.columns) },
        };
      }
      case "D": {
        const relation = this.#relation(message.int32());
        return { kind: "change", change: { action: "D", relation, old: readOld(message, relation) } };
      }
      default:
        return { kind: "other" };
    }
  }

  #relation(id: number): Relation {
    const relation = this.#relations.get(id);
    if (!relation) throw new Error(`a change of a relation (${id}) that was not announced`);
    return relation;
  }
}

function readRelation(message: Reader): Relation {
  const schema = message.string();
  const table = message.string();
  message.skip(1);
  const columns: Column[] = [];
  const count = message.int16();
  for (let index = 0; index < count; index++) {
    const isKey = message.int8() === 1;
    columns.push({ isKey, name: message.string() });
    message.skip(8);
  }
  return { schema, table, columns };
}

/** The old row: whole ("O") or only its key ("K"), where the other values are sent as nulls. */
function readOld(message: Reader, { columns }: Relation): Row {
  const isKeyOnly = message.character() === "K";
  const row = readTuple(message, columns);
  if (!isKeyOnly) return row;
  return Object.fromEntries(
    columns.filter(({ isKey }) => isKey).map(({ name }) => [name, row[name] ?? null]),
  );
}

function readTuple(message: Reader, columns: Column[]): Row {
  const row: Row = {};
  message.skip(2);
  for (const { name } of columns) {
    const kind = message.character();
    if (kind === "t") row[name] = message.text(message.int32());
    else if (kind === "n") row[name] = null;
  }
  return row;
}

class Reader {
  #data: Buffer;
  #offset = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  skip(bytes: number): void {
    this.#offset += bytes;
  }

  peek(): string {
    return String.fromCharCode(this.#data[this.#offset] ?? 0);
  }

  character(): string {
    return String.fromCharCode(this.int8());
  }

  int8(): number {
    this.#offset += 1;
    return this.#data.readUInt8(this.#offset - 1);
  }

  int16(): number {
    this.#offset += 2;
    return this.#data.readUInt16BE(this.#offset - 2);
  }

  int32(): number {
    this.#offset += 4;
    return this.#data.readUInt32BE(this.#offset - 4);
  }

  int64(): bigint {
    this.#offset += 8;
    return this.#data.readBigUInt64BE(this.#offset - 8);
  }

  text(bytes: number): string {
    this.#offset += bytes;
    return this.#data.toString("utf8", this.#offset - bytes, this.#offset);
  }

  string(): string {
    const value = this.text(this.#data.indexOf(0, this.#offset) - this.#offset);
    this.#offset += 1;
    return value;
  }
}
