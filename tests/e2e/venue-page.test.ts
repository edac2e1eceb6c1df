import type { Browser, Dialog, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { servePage } from "../../examples/venue/serve.ts";
import { launchBrowser } from "../support/browser.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { addOpenkjKey, addVenue, type Host, openkj, password, signUpHost } from "../support/people.ts";
import type { Database } from "../../types/database.ts";

let browser: Browser;
let page: { address: string; stop: () => void };
let host: Host;
let venue: Awaited<ReturnType<typeof addVenue>>;

beforeAll(async () => {
  await forgetRateLimits();
  browser = await launchBrowser();
  page = await servePage(environment.apiUrl, environment.publishableKey, 0);
  host = await signUpHost("page");
  venue = await addVenue(host, { name: "The Page Bar" });
  const key = await addOpenkjKey(host);
  await openkj({ command: "clearDatabase", api_key: key, system_id: 1 });
  await openkj({
    command: "addSongs",
    api_key: key,
    system_id: 1,
    songs: [{ artist: "Queen", title: "Bohemian Rhapsody" }, { artist: "ABBA", title: "Waterloo" }],
  });
}, 300_000);
afterAll(async () => {
  page.stop();
  await browser.close();
  await database.end();
});

/** A phone in the room, or the host's tablet. When its test fails, what it shows is told. */
async function newPhone(hash: string, onDialog?: (dialog: Dialog) => void): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const phone = await context.newPage();
  phone.setDefaultTimeout(60_000);
  if (onDialog) phone.on("dialog", onDialog);
  onTestFailed(async () => console.log(`${hash} shows:\n${await phone.locator("body").innerText()}`));
  await phone.goto(`${page.address}/?venue=${venue.url_name}${hash}`);
  return phone;
}

/** The host's tablet, signed in. */
async function newDesk(onDialog?: (dialog: Dialog) => void): Promise<Page> {
  const desk = await newPhone("#host", onDialog);
  await desk.getByLabel("E-mail").fill(host.email);
  await desk.getByLabel("Password").fill(password);
  await desk.getByRole("button", { name: "Sign in" }).click();
  return desk;
}

test("a singer searches with a slip, asks, follows the queue; the host takes the song and closes", {
  timeout: 120_000,
}, async () => {
  const singer = await newPhone("#sing");
  await singer.locator("#venue-state", { hasText: /^Taking requests/ }).waitFor();
  await singer.getByLabel("Song or artist").fill("qeen bohem");
  await singer.getByRole("button", { name: /Bohemian Rhapsody/ }).click();
  await singer.getByLabel("Name").fill("<b>Ann</b> Arbor");
  await singer.getByLabel("Key").selectOption("-2");
  await singer.getByRole("button", { name: "Ask for it" }).click();
  await singer.getByText("Place 1, about 0 minutes").waitFor();

  const desk = await newDesk();
  const row = desk.locator("#desk-queue li");
  await row.getByText("Bohemian Rhapsody – Queen (key -2)").waitFor();
  expect(await row.locator("b").count(), "names are text, not HTML").toBe(0);

  // The first reading after an event may be from before the change; the page must not be left with it.
  let isLate = false;
  await desk.route("**/rest/v1/requests?*", async (route) => {
    const answer = await route.fetch();
    const isHeldBack = !isLate && (await answer.text()).includes("Waterloo");
    isLate ||= isHeldBack;
    await route.fulfill(isHeldBack ? { json: [] } : { response: answer });
  });
  const second = await newPhone("#sing");
  await second.getByLabel("Song or artist").fill("abba");
  await second.getByRole("button", { name: /Waterloo/ }).click();
  await second.getByLabel("Name").fill("Ben");
  await second.getByRole("button", { name: "Ask for it" }).click();
  await second.getByText("Place 2").waitFor();
  await row.getByText("Waterloo – ABBA").waitFor();
  expect(isLate).toBe(true);
  await desk.unroute("**/rest/v1/requests?*");

  // One reading fails: it is made again until it succeeds.
  await singer.route("**/rpc/my_requests", (route) => route.fulfill({ status: 503, json: {} }), { times: 1 });
  await row.first().getByRole("button", { name: "Take" }).click();
  await singer.getByText("The host has it").waitFor();
  await row.first().getByRole("button", { name: "On stage" }).click();
  await singer.getByText("You are on!").waitFor();
  await row.first().getByRole("button", { name: "Sung" }).click();
  await singer.getByText("Sung").waitFor();
  await second.getByText("Place 1").waitFor();
  await second.getByRole("link", { name: "Queue" }).click();
  await second.getByText("1. Ben").waitFor();

  await desk.getByLabel("Taking requests").uncheck();
  await singer.getByText("Not taking requests right now").waitFor();

  const width = await desk.evaluate(() => document.documentElement.scrollWidth);
  expect(width, "nothing is wider than a phone").toBeLessThanOrEqual(390);
});

test("a night with a PIN asks for it; the host rejects with a reason and the singer reads why", {
  timeout: 120_000,
}, async () => {
  const { error } = await host.client.rpc("set_show_pin", { p_venue_id: venue.id, p_pin: "4711" });
  expect(error).toBeNull();
  await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
  const pins = ["0000", "4711"];
  const phone = await newPhone("#sing", (dialog) => void dialog.accept(pins.shift()));
  await phone.locator("#venue-state", { hasText: /^Taking requests/ }).waitFor();
  await phone.getByLabel("Song or artist").fill("waterloo");
  await phone.getByRole("button", { name: /Waterloo/ }).click();
  await phone.getByLabel("Name").fill("Pia");
  await phone.getByRole("button", { name: "Ask for it" }).click();
  await phone.getByText(/Place \d/).first().waitFor();
  expect(pins).toEqual([]);

  const desk = await newDesk((dialog) => void dialog.accept("Sung too often"));
  await desk.locator("#desk-queue li", { hasText: "Pia" }).getByRole("button", { name: "Reject" }).click();
  await phone.locator("#mine").getByText("Not accepted: Sung too often").waitFor();
  await host.client.rpc("set_show_pin", { p_venue_id: venue.id });
});

test("two sing a song that is not in the book, are told what the host does, and leave again", {
  timeout: 120_000,
}, async () => {
  const setRules = async (rules: Database["public"]["Tables"]["venue_rules"]["Update"]) => {
    const { error } = await host.client.from("venue_rules").update(rules).eq("venue_id", venue.id);
    expect(error).toBeNull();
  };
  await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
  const singer = await newPhone("#sing");
  await singer.getByLabel("Song or artist").fill("Home Made Hymn");
  await singer.getByText("No such song in this book.").waitFor();
  const offer = singer.getByRole("button", { name: "Ask for it all the same" });
  expect(await offer.count(), "only songs from the book are offered").toBe(0);
  await setRules({
    free_text_allowed: true,
    key_change_allowed: false,
    notes_allowed: false,
    max_active_requests: 2,
  });
  await singer.getByText("Taking requests, up to 2 at a time").waitFor();
  await offer.click();
  await singer.getByLabel("Artist", { exact: true }).fill("The Locals");
  expect(await singer.getByLabel("Key").isVisible(), "nobody is asked what the venue does not take").toBe(
    false,
  );
  expect(await singer.getByLabel("Note for the host").isVisible()).toBe(false);
  await singer.getByLabel("Name").fill("Dora");
  await singer.locator("details:not([open]) summary").click();
  await singer.getByLabel("Second voice").fill("Eve");
  await singer.getByRole("button", { name: "Ask for it", exact: true }).click();
  const mine = singer.locator("#mine li", { hasText: "Home Made Hymn – The Locals" });
  await mine.getByText(/^Place/).waitFor();

  const { data: requests } = await host.client.from("requests").select("id, singer_name")
    .eq("venue_id", venue.id).eq("title", "Home Made Hymn");
  expect(requests?.map(({ singer_name }) => singer_name)).toEqual(["Dora & Eve"]);
  const id = requests![0]!.id;
  await host.client.rpc("message_singer", { p_request_id: id, p_text: "Bring <b>both</b> mics" });
  const news = singer.locator("#news-list li", { hasText: "The host says: Bring <b>both</b> mics" });
  await news.getByRole("button", { name: "Got it" }).click();
  await news.waitFor({ state: "detached" });
  await host.client.rpc("set_request_state", { p_request_id: id, p_state: "accepted" });
  await singer.locator("#news-list").getByText("The host has taken your song").waitFor();
  await mine.getByRole("button", { name: "Withdraw" }).click();
  await mine.getByText("Withdrawn").waitFor();
  await setRules({
    free_text_allowed: false,
    key_change_allowed: true,
    notes_allowed: true,
    max_active_requests: null,
  });
});

test(
  "the host adds a walk-up, undoes a step, closes the night and opens it",
  { timeout: 120_000 },
  async () => {
    await host.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true });
    const desk = await newDesk();
    await desk.getByRole("button", { name: "Add a walk-up" }).click();
    await desk.getByLabel("Title", { exact: true }).fill("Jolene");
    await desk.getByLabel("Artist", { exact: true }).fill("Dolly Parton");
    await desk.getByLabel("Name").fill("Walt");
    await desk.getByRole("button", { name: "Ask for it", exact: true }).click();
    const row = desk.locator("#desk-queue li", { hasText: "Jolene – Dolly Parton" });
    await row.getByRole("button", { name: "Take" }).click();
    await row.getByRole("button", { name: "Sung" }).click();
    await row.waitFor({ state: "detached" });
    await desk.getByRole("button", { name: "Undo: Walt completed" }).click();
    await row.getByRole("button", { name: "On stage" }).waitFor();
    await desk.getByRole("button", { name: "Close the night" }).click();
    await desk.getByRole("button", { name: "Open the night" }).click();
    await desk.getByRole("button", { name: "Close the night" }).waitFor();
  },
);

test("a wrong code says so and asks again", async () => {
  const context = await browser.newContext();
  const phone = await context.newPage();
  await phone.goto(`${page.address}/?venue=no-such-venue`);
  await phone.getByText('There is no venue "no-such-venue".').waitFor();
  await phone.getByLabel("Code on the poster").fill(venue.url_name);
  await phone.getByRole("button", { name: "Go" }).click();
  await phone.getByRole("heading", { name: "The Page Bar" }).waitFor();
});
