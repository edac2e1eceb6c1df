import { endOfLog, type Instance, runningInstance } from "../instance.ts";
import { emptyInstance, startInstance, stopInstance } from "../lifecycle.ts";
import { readDemo, variablesOf } from "../variables.ts";

const demo = "demo";

function say(sentence: string): void {
  console.log(`· ${sentence}`);
}

function introduce(instance: Instance): void {
  const variables = variablesOf(instance);
  const { accounts, try: suggestions } = readDemo();
  const lines = [
    ["API", variables.API_URL],
    ["Publishable key", variables.PUBLISHABLE_KEY],
    ["Secret key", variables.SECRET_KEY],
    ["Database", variables.DB_URL],
    ["Inbox", `${variables.INBOX_URL} (captured mails and texts)`],
    ["OpenKJ", `${variables.OPENKJ_URL} with key ${variables.OPENKJ_DEMO_KEY}`],
    ...accounts.map(({ who, email, password }) => [`Demo ${who}`, `${email} / ${password}`]),
  ];
  console.log("");
  for (const [name = "", value] of lines) console.log(`  ${name.padEnd(16)} ${value}`);
  if (suggestions.length > 0) console.log(`\nTry:\n${suggestions.map((line) => `  ${line}`).join("\n")}`);
  console.log(
    "\nAll settings: npm run -s status. Logs: .stack/demo/logs. End it: npm run stop. Anew: npm run reset.",
  );
}

/** Starts the demo, or says that it runs. */
export async function start(): Promise<void> {
  const already = await runningInstance(demo);
  if (already !== undefined) console.log("The stack runs already.");
  introduce(already ?? await startInstance(demo, true, say));
}

export async function stop(): Promise<void> {
  console.log(
    await stopInstance(demo) ? "The stack has stopped; its data are kept." : "The stack was not running.",
  );
}

/** Removes the demo's data; the next start plants the seeds again. */
export async function reset(): Promise<void> {
  await emptyInstance(demo);
  console.log("The demo's data are gone. `npm start` makes it anew.");
}

/** Prints the running demo's addresses and keys as shell variables; what has ended is named beside them. */
export async function status(): Promise<void> {
  const instance = await runningInstance(demo);
  if (instance === undefined) throw new Error("The stack is not running. Start it with: npm start");
  for (const [name, value] of Object.entries(variablesOf(instance))) console.log(`${name}="${value}"`);
  for (const server of instance.pids.missing()) {
    console.error(`The server ${server} has ended. ${endOfLog(instance, server)}`);
  }
}
