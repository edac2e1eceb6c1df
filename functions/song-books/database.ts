import * as z from "zod";
import { type Database, reconnecting } from "../_shared/database.ts";
import { headersOf, type Origin } from "../_shared/request.ts";
import type { Caller } from "./caller.ts";
import type { Columns, FileProblem, Row, Song } from "./song.ts";

const column = z.union([z.string(), z.int()]);

const importRow = z.looseObject({
  id: z.string(),
  path: z.string(),
  format: z.string(),
  state: z.string(),
  columns: z.object({ artist: column, title: column }).nullable(),
});

const claim = z.object({ run_id: z.string().nullable(), import: importRow });

const refusal = z.object({
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  hint: z.string(),
  retry_after: z.int().optional(),
});
const exported = z.object({ name: z.string(), songs: z.int() });

export type Import = z.infer<typeof importRow> & { columns: Columns | null };
export type Claim = z.infer<typeof claim>;
export type ExportAnswer = z.infer<typeof exported> | z.infer<typeof refusal>;

/** A file that Storage shall delete. */
export interface StoredFile {
  bucket_id: string;
  name: string;
}

const songsPerFetch = 2000;

/** Everything the function asks of the database; who may do what is decided there. */
export class SongBooks {
  readonly #database: Database;
  readonly #reading: Database;
  readonly #headers: string;

  /** An export holds a connection for as long as its reader takes; those of `reading` are for nothing else. */
  constructor(database: Database, reading: Database, headers = "{}") {
    this.#database = database;
    this.#reading = reading;
    this.#headers = headers;
  }

  /** The same for one call, which the database can then say where it came from. */
  calledFrom(origin: Origin): SongBooks {
    return new SongBooks(this.#database, this.#reading, headersOf(origin));
  }

  /** Takes an import on; without a run_id there is nothing to do. */
  async claim(importId: string, caller: Caller): Promise<Claim> {
    const [row] = await this.#database<{ claim: unknown }[]>`
      select private.claim_song_import(${importId}::uuid, ${
      JSON.stringify(caller.claims)
    }::text::jsonb) as claim
      from set_config('request.headers', ${this.#headers}, true)
    `;
    return claim.parse(row?.claim);
  }

  /** Hands rows over; false once the import was cancelled or taken over. The same batch may arrive twice. */
  async stage(
    importId: string,
    runId: string,
    number: number,
    rows: Row[],
    bytesDone: number,
    encoding: string | null,
  ): Promise<boolean> {
    return await reconnecting(async () => {
      const [row] = await this.#database<{ goes_on: boolean }[]>`
        select private.stage_song_import(
          ${importId}::uuid, ${runId}::uuid, ${number}::integer, ${
        JSON.stringify(rows)
      }::text::jsonb, ${bytesDone}::bigint, ${encoding}::text
        ) as goes_on
      `;
      return row?.goes_on === true;
    });
  }

  /** Publishes what was handed over, or counts what that would change. */
  async finish(importId: string, runId: string, batches: number): Promise<void> {
    await reconnecting(() =>
      this.#database`
        select private.finish_song_import(${importId}::uuid, ${runId}::uuid, ${batches}::integer)
        from set_config('request.headers', ${this.#headers}, true)
      `
    );
  }

  async fail(importId: string, runId: string, { code, message, hint, line }: FileProblem): Promise<void> {
    const failure = JSON.stringify({ code, detail: message, hint, line });
    await reconnecting(() =>
      this
        .#database`select private.fail_song_import(${importId}::uuid, ${runId}::uuid, ${failure}::text::jsonb)`
    );
  }

  /** Whether the caller may have the book as a file. */
  async openExport(systemId: string, caller: Caller, address: string | null): Promise<ExportAnswer> {
    const [row] = await this.#database<{ answer: unknown }[]>`
      select private.open_song_export(
        ${systemId}::uuid, ${
      JSON.stringify(caller.claims)
    }::text::jsonb, ${caller.apiKey}::text, ${address}::inet
      ) as answer
      from set_config('request.headers', ${this.#headers}, true)
    `;
    return z.union([exported, refusal]).parse(row?.answer);
  }

  /** The songs of a book in order. They stay in the database until they are asked for; a reader may stop at any time. */
  async *songs(systemId: string): AsyncGenerator<Song[]> {
    yield* this.#reading<Song[]>`select artist, title from private.export_songs(${systemId}::uuid)`.cursor(
      songsPerFetch,
    );
  }

  /** Imports that nobody works on, though somebody should. */
  async stalledImports(): Promise<string[]> {
    const rows = await this.#database<{ id: string }[]>`select private.stalled_song_imports() as id`;
    return rows.map(({ id }) => id);
  }

  async expiredFiles(): Promise<StoredFile[]> {
    return await this.#database<StoredFile[]>`select bucket_id, name from private.expired_files()`;
  }
}
