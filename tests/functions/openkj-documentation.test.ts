import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { database } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { OpenkjClient } from "../support/openkj-client.ts";
import { newOpenkjHost, programOf } from "../support/openkj-host.ts";
import { expectData } from "../support/people.ts";

// What docs/openkj.md tells a host to do and to expect is what happens.

const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "openkj.md"), "utf8");
const quoted = [...text.replace(/\s+/g, " ").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);

afterAll(() => database.end());

test("the tables and functions it names are there", async () => {
  const names = quoted.filter((word) => /^[a-z]+(_[a-z]+)+$/.test(word) && word !== "sk_live_");
  expect(names).toContain("create_api_key");
  const known = await database<{ name: string }[]>`
    select proname as name from pg_proc where pronamespace = 'public'::regnamespace
    union select relname from pg_class where relnamespace = 'public'::regnamespace
  `;
  expect(names.filter((name) => !known.some((one) => one.name === name))).toEqual([]);
});

test("its five steps lead to a request in the window", async () => {
  const host = await newOpenkjHost("documented");
  const scopes = quoted.filter((word) => /^[a-z_]+:[a-z]+$/.test(word));
  const created = expectData(
    await host.person.client.rpc("create_api_key", {
      p_organization_id: host.organizationId,
      p_name: "As documented",
      p_scopes: scopes,
    }),
  ) as { key: string };
  expect(created.key.startsWith("sk_live_")).toBe(true);
  expect(new URL(environment.openkjUrl).pathname).toBe("/functions/v1/openkj");
  expect(text).toContain("/functions/v1/openkj");
  const program = programOf(host, { apiKey: created.key, venueId: 0 });
  expect(await program.test()).toBe("");
  await program.updateRemoteDatabase([{ artist: "ABBA", title: "Waterloo" }]);
  await program.start();
  await program.setAccepting(true);
  const song = { artist: "ABBA", title: "Waterloo", singer: "Zoë", venue_id: host.openkjVenueId };
  await program.exchange("addRequest", song);
  await program.poll();
  expect(program.requests).toHaveLength(1);
  program.stop();
});

test("its messages of the test button are what the button shows", async () => {
  const host = await newOpenkjHost("misconfigured");
  const wrong = new OpenkjClient({ url: environment.openkjUrl, apiKey: ` ${host.apiKey}` });
  const unknown = await wrong.test();
  expect(quoted).toContain(unknown);
  wrong.stop();
  const { key } = expectData(
    await host.person.client.rpc("create_api_key", {
      p_organization_id: host.organizationId,
      p_name: "Songs only",
      p_scopes: ["songs:write"],
    }),
  ) as { key: string };
  const poor = programOf(host, { apiKey: key });
  const lacking = await poor.test();
  poor.stop();
  expect(lacking).not.toBe(unknown);
  const known = quoted.filter((word) => word.endsWith("…")).map((word) => word.slice(0, -1));
  expect(known.filter((beginning) => lacking.startsWith(beginning))).not.toEqual([]);
  const page = await (await fetch(environment.openkjUrl)).text();
  expect(page).toContain("the address of a karaoke request server");
  expect(text).toContain("the address of a karaoke request server");
});
