import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Where Debian and Ubuntu keep the majors of PostgreSQL; another folder of the same shape may be named instead. */
const library = process.env.STACK_POSTGRES ?? "/usr/lib/postgresql";
const extensions = (major: number) => join("/usr/share/postgresql", String(major), "extension");
const oldestMajor = 15;

/** The programs of one major of PostgreSQL. */
export function programsOf(major: number): string {
  return join(library, String(major), "bin");
}

function installedMajors(): number[] {
  if (!existsSync(library)) return [];
  return readdirSync(library).map(Number)
    .filter((major) => major >= oldestMajor && existsSync(join(programsOf(major), "postgres")))
    .sort((one, other) => other - one);
}

/** The packages that a major still lacks. */
export function missingPackages(major: number): string[] {
  const wanted: [string, string][] = [
    [`postgresql-${major}`, join(programsOf(major), "postgres")],
    [`postgresql-${major}-postgis-3`, join(extensions(major), "postgis.control")],
    [`postgresql-${major}-pgtap`, join(extensions(major), "pgtap.control")],
    [`postgresql-${major}-plpgsql-check`, join(extensions(major), "plpgsql_check.control")],
    [`postgresql-${major}-cron`, join(extensions(major), "pg_cron.control")],
    [`postgresql-${major}-wal2json`, join(library, String(major), "lib", "wal2json.so")],
    ["libtap-parser-sourcehandler-pgtap-perl", "/usr/bin/pg_prove"],
    // The examples of the documentation use it, and tests run those.
    ["curl", "/usr/bin/curl"],
  ];
  return wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);
}

/** The newest installed major with everything it needs, else the newest installed one. */
export function installedMajor(): number | undefined {
  const majors = installedMajors();
  return majors.find((major) => missingPackages(major).length === 0) ?? majors[0];
}

function apt(...words: string[]): void {
  const result = spawnSync("apt-get", ["-q", "-y", "-o", "DPkg::Lock::Timeout=120", ...words], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (result.status !== 0) throw new Error(`apt-get ${words.join(" ")} failed; its messages are above.`);
}

/** The major that the distribution offers, if its package lists are there. */
function offeredMajor(): number | undefined {
  const policy = spawnSync("apt-cache", ["policy", "postgresql"], { encoding: "utf8" }).stdout ?? "";
  const major = Number(/Candidate: (\d+)/.exec(policy)?.[1]);
  return Number.isNaN(major) ? undefined : major;
}

/**
 * Makes sure that PostgreSQL and its extensions are installed: as root by installing what is missing, otherwise by saying
 * with which command somebody else can.
 */
export function installPackages(say: (sentence: string) => void): void {
  const isRoot = process.getuid?.() === 0;
  const installed = installedMajor();
  if (installed !== undefined && missingPackages(installed).length === 0) return;
  if (isRoot && installed === undefined) {
    say("Reading the lists of system packages");
    apt("update");
  }
  const major = installed ?? offeredMajor();
  if (major === undefined) {
    throw new Error("PostgreSQL is missing. Install it with:\n  sudo sh stack/bootstrap.sh packages");
  }
  if (major < oldestMajor) {
    throw new Error(`This distribution offers PostgreSQL ${major}; ${oldestMajor} or newer is needed.`);
  }
  const missing = missingPackages(major);
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (!isRoot) throw new Error(`System packages are missing. Install them with:\n  sudo ${command}`);
  say(`Installing system packages, which takes about a minute: ${missing.join(", ")}`);
  if (installed !== undefined) apt("update");
  apt("install", "--no-install-recommends", ...missing);
  const still = missingPackages(major);
  if (still.length > 0) {
    throw new Error(`These packages did not bring what was expected: ${still.join(", ")}`);
  }
}
