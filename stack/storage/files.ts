import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
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

  read(version: string): ReadableStream<Uint8Array> {
    return Readable.toWeb(createReadStream(this.#path(version))) as ReadableStream<Uint8Array>;
  }

  async copy(version: string): Promise<string> {
    const copy = randomUUID();
    await copyFile(this.#path(version), this.#path(copy));
    return copy;
  }

  async remove(versions: readonly (string | null)[]): Promise<void> {
    for (const version of versions) if (version !== null) await rm(this.#path(version), { force: true });
  }

  #path(version: string): string {
    return join(this.#folder, version);
  }
}
