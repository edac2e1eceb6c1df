import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unusedPort } from "./program.ts";

const root = join(import.meta.dirname, "..", "..");

export interface Outcome {
  code: number | null;
  output: string;
}

/** A copy of the project in a folder and on ports of its own, to start and stop as a person would. */
export class ProjectCopy {
  readonly folder: string;
  readonly ports: { api: number; database: number; inbox: number };

  private constructor(folder: string, ports: ProjectCopy["ports"]) {
    this.folder = folder;
    this.ports = ports;
  }

  static async make(): Promise<ProjectCopy> {
    const folder = mkdtempSync(join(tmpdir(), "project-"));
    chmodSync(folder, 0o755);
    for (const part of ["stack", "supabase", "functions", "seed"]) {
      cpSync(join(root, part), join(folder, part), { recursive: true, preserveTimestamps: true });
    }
    mkdirSync(join(folder, ".stack"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    symlinkSync(join(root, ".stack", "deno"), join(folder, ".stack", "deno"));
    const ports = { api: await unusedPort(), database: await unusedPort(), inbox: await unusedPort() };
    const config = join(folder, "supabase", "config.toml");
    const text = readFileSync(config, "utf8").replace("54321", `${ports.api}`).replace(
      "54322",
      `${ports.database}`,
    )
      .replace("54324", `${ports.inbox}`);
    writeFileSync(config, text);
    return new ProjectCopy(folder, ports);
  }

  /** Runs what an npm script runs, and returns what it printed. */
  async run(command: string, variables: Record<string, string> = {}): Promise<Outcome> {
    const child = spawn("sh", ["stack/bootstrap.sh", command], {
      cwd: this.folder,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output += String(data));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, output };
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  write(path: string, text: string): string {
    const file = join(this.folder, path);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  }

  async remove(): Promise<void> {
    await this.run("reset");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
