import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { copyFile, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { tooLarge } from "./errors.ts";

/** A file that has been written and is nobody's yet. */
export interface Written {
  version: string;
  size: number;
  eTag: string;
}

/** A part of a file: both positions are of bytes that belong to it. */
export interface Part {
  start: number;
  end: number;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * Keeps the bytes in a folder, each version of an object in a file of its own, whose name only the object's row knows.
 * So a row and its bytes change in one step, and an upload that breaks off leaves nothing but a file without a row.
 */
export class Files {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, limit: number): Promise<Written> {
    const version = randomUUID();
    const hash = createHash("md5");
    let size = 0;
    async function* counted() {
      for await (const chunk of body) {
        size += chunk.byteLength;
        if (size > limit) throw tooLarge();
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      await pipeline(counted, createWriteStream(this.#path(version)));
    } catch (error) {
      await this.remove([version]);
      throw error;
    }
    return { version, size, eTag: `"${hash.digest("hex")}"` };
  }

  /** Opens a version, from its first to its last byte or a part of it; from then on its removal does not matter any more. */
  async open(version: string, part?: Part): Promise<ReadableStream<Uint8Array> | undefined> {
    try {
      const file = await open(this.#path(version));
      return Readable.toWeb(file.createReadStream(part)) as ReadableStream<Uint8Array>;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async copy(version: string): Promise<string> {
    const copy = randomUUID();
    await copyFile(this.#path(version), this.#path(copy));
    return copy;
  }

  async remove(versions: readonly (string | null)[]): Promise<void> {
    for (const version of versions) if (version !== null) await rm(this.#path(version), { force: true });
  }

  /** Removes what no row names: the remains of uploads that ended with the server. */
  async sweep(withRow: (versions: string[]) => Promise<Set<string>>): Promise<void> {
    const versions = await readdir(this.#folder);
    for (let start = 0; start < versions.length; start += 1000) {
      const some = versions.slice(start, start + 1000);
      const kept = await withRow(some);
      await this.remove(some.filter((version) => !kept.has(version)));
    }
  }

  #path(version: string): string {
    return join(this.#folder, version);
  }
}
