import { runningInstance } from "../instance.ts";
import { removeInstance, startInstance } from "../lifecycle.ts";
import { variablesOf } from "../variables.ts";
import { succeeds } from "./checks.ts";

/**
 * Runs one of the project's programs against a stack: the one which the environment names, else the running demo, else one
 * made for it alone.
 */
export async function run(words: string[]): Promise<void> {
  const launch = (variables: Record<string, string>) => {
    if (!succeeds(["node", ...words], variables)) process.exitCode = 1;
  };
  if (process.env.API_URL !== undefined) return launch({});
  const demo = await runningInstance("demo");
  if (demo !== undefined) return launch(variablesOf(demo));
  const name = `run-${process.pid}`;
  try {
    launch(variablesOf(await startInstance(name, false, (sentence) => console.log(`· ${sentence}`))));
  } finally {
    await removeInstance(name);
  }
}
