import { setTimeout as sleep } from "node:timers/promises";
import { expectData, type Host } from "./people.ts";
import { environment } from "./environment.ts";
import type { Database } from "../../types/database.ts";

export type SongImport = Database["public"]["Tables"]["song_imports"]["Row"];

export interface ImportOptions {
  format?: string;
  mode?: "merge" | "replace";
  isDryRun?: boolean;
  columns?: { artist: string | number; title: string | number };
}

/** A rig with an empty book. */
export async function addSystem(host: Host, name = "Rig"): Promise<string> {
  const values = { organization_id: host.organizationId, name };
  return expectData(await host.client.from("systems").insert(values).select("id").single()).id;
}

/** Uploads a file to import and returns its path. */
export async function uploadFile(
  host: Host,
  systemId: string,
  name: string,
  content: string | Uint8Array,
): Promise<string> {
  const path = `${host.organizationId}/${systemId}/${crypto.randomUUID()}-${name}`;
  const body = typeof content === "string" ? new Blob([content]) : new Blob([new Uint8Array(content)]);
  expectData(await host.client.storage.from("imports").upload(path, body));
  return path;
}

/** Uploads a file and queues its import. */
export async function startImport(
  host: Host,
  systemId: string,
  name: string,
  content: string | Uint8Array,
  { format, mode, isDryRun, columns }: ImportOptions = {},
): Promise<string> {
  return expectData(
    await host.client.rpc("start_song_import", {
      p_system_id: systemId,
      p_path: await uploadFile(host, systemId, name, content),
      ...format !== undefined && { p_format: format },
      ...mode !== undefined && { p_mode: mode },
      ...isDryRun !== undefined && { p_is_dry_run: isDryRun },
      ...columns !== undefined && { p_columns: columns },
    }),
  );
}

/** Asks the function to run an import, and returns the status of its answer. */
export async function runImport(
  host: Host,
  importId: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const { response, error } = await host.client.functions.invoke(`song-books/imports/${importId}/run`, {
    method: "POST",
    headers,
  });
  const status = response?.status ?? 0;
  if (error && status < 400) throw error;
  return status;
}

export async function readImport(host: Host, importId: string): Promise<SongImport> {
  return expectData(await host.client.from("song_imports").select().eq("id", importId).single());
}

/** The import once it is over. */
export async function finished(host: Host, importId: string, seconds = 20): Promise<SongImport> {
  for (const deadline = Date.now() + seconds * 1000;;) {
    const found = await readImport(host, importId);
    if (found.finished_at !== null) return found;
    if (Date.now() > deadline) throw new Error(`The import is still ${found.state}: ${found.rows_done} rows`);
    await sleep(50);
  }
}

/** Uploads, starts, runs and waits. */
export async function importFile(
  host: Host,
  systemId: string,
  name: string,
  content: string | Uint8Array,
  options: ImportOptions = {},
): Promise<SongImport> {
  const id = await startImport(host, systemId, name, content, options);
  await runImport(host, id);
  return await finished(host, id);
}

export async function exportFile(
  systemId: string,
  format: string,
  headers: Record<string, string>,
): Promise<Response> {
  return await fetch(
    `${environment.apiUrl}/functions/v1/song-books/export?system_id=${systemId}&format=${format}`,
    { headers },
  );
}

export async function tokenOf({ client }: Pick<Host, "client">): Promise<string> {
  const { data } = await client.auth.getSession();
  if (data.session === null) throw new Error("Nobody is signed in");
  return data.session.access_token;
}

/** The book of a system, in order, as [artist, title]. */
export async function bookOf(host: Host, systemId: string): Promise<[string, string][]> {
  const answer = await exportFile(systemId, "json", { authorization: `Bearer ${await tokenOf(host)}` });
  if (!answer.ok) throw new Error(await answer.text());
  const songs = await answer.json() as { artist: string; title: string }[];
  return songs.map(({ artist, title }) => [artist, title]);
}
