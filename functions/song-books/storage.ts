import type { StoredFile } from "./database.ts";
import { FileProblem } from "./song.ts";

/** Files of the project, read and deleted with the service's own rights; who may name a file was decided before. */
export class Storage {
  readonly #url: string;
  readonly #key: string;

  constructor(projectUrl: string, serviceKey: string) {
    this.#url = `${projectUrl}/storage/v1/object`;
    this.#key = serviceKey;
  }

  get #headers(): Record<string, string> {
    return { apikey: this.#key, authorization: `Bearer ${this.#key}` };
  }

  async read(bucket: string, name: string): Promise<ReadableStream<Uint8Array>> {
    const path = name.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch(`${this.#url}/${bucket}/${path}`, { headers: this.#headers });
    if (answer.ok && answer.body !== null) return answer.body;
    const said = await answer.text();
    if (answer.status === 404 || /"statusCode":"404"/.test(said)) {
      throw new FileProblem(
        "file_not_found",
        "The file is gone.",
        "Upload it again and start another import.",
      );
    }
    throw new Error(`Storage answered ${answer.status}: ${said.slice(0, 200)}`);
  }

  async remove(bucket: string, names: string[]): Promise<void> {
    const answer = await fetch(`${this.#url}/${bucket}`, {
      method: "DELETE",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify({ prefixes: names }),
    });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`Storage answered ${answer.status}: ${said.slice(0, 200)}`);
  }

  async removeAll(files: StoredFile[]): Promise<void> {
    const byBucket = Map.groupBy(files, ({ bucket_id }) => bucket_id);
    for (const [bucket, some] of byBucket) await this.remove(bucket, some.map(({ name }) => name));
  }
}
