import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const programs = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const find = () => programs.find((path) => path !== undefined && existsSync(path));

/** A real browser without a window; installed first where it is missing and that is allowed. */
export async function launchBrowser(): Promise<Browser> {
  if (!find() && process.getuid?.() === 0) {
    for (const words of [["update"], ["install", "--no-install-recommends", "chromium"]]) {
      spawnSync("apt-get", ["-q", "-y", ...words], {
        stdio: ["ignore", 2, 2],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
    }
  }
  const executablePath = find();
  if (!executablePath) {
    throw new Error(
      "The page is tested in Chromium. Install it (apt-get install chromium), or name it in CHROMIUM.",
    );
  }
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
