import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
let folder: string;

beforeAll(() => {
  // A user without rights may not even see the clone: the two files needed go where everybody can.
  folder = mkdtempSync(join(tmpdir(), "house-packages-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "empty"));
  copyFileSync(join(import.meta.dirname, "..", "..", "stack", "packages.ts"), join(folder, "packages.ts"));
  copyFileSync(process.execPath, join(folder, "node"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function install(postgres: string) {
  const program = 'import { installPackages } from "./packages.ts"; installPackages(console.log);';
  return spawnSync(join(folder, "node"), ["--input-type=module", "--eval", program], {
    ...nobody,
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", STACK_POSTGRES: postgres },
    encoding: "utf8",
  });
}

test("without root, missing packages end in the command that installs them", () => {
  const { status, stderr, stdout } = install(join(folder, "empty"));
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/sudo (apt-get install -y .*postgresql-\d+ .*|sh stack\/bootstrap\.sh packages)/);
  expect(stdout).toBe("");
});

test("with everything installed, nothing is said", () => {
  const { status, stderr, stdout } = install("/usr/lib/postgresql");
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: "", stdout: "" });
});
