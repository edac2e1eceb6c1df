import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servePage } from "../../examples/venue/serve.ts";
import { launchBrowser } from "../support/browser.ts";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { addOpenkjKey, addVenue, type Host, openkj, password, signUpHost } from "../support/people.ts";

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

/** A phone in the room, or the host's tablet. */
async function newPhone(hash: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const phone = await context.newPage();
  phone.setDefaultTimeout(15_000);
  await phone.goto(`${page.address}/?venue=${venue.url_name}${hash}`);
  return phone;
}

test("a singer searches with a slip, asks, follows the queue; the host takes the song and closes", {
  timeout: 120_000,
}, async () => {
  const singer = await newPhone("#sing");
  await singer.locator("#venue-state", { hasText: /^Taking requests/ }).waitFor();
  await singer.getByLabel("Song or artist").fill("qeen bohem");
  await singer.getByRole("button", { name: /Bohemian Rhapsody/ }).click();
  await singer.getByLabel("Your name").fill("<b>Ann</b> Arbor");
  await singer.getByLabel("Key").selectOption("-2");
  await singer.getByRole("button", { name: "Ask for it" }).click();
  await singer.getByText("Place 1, about 0 minutes").waitFor();

  const desk = await newPhone("#host");
  await desk.getByLabel("E-mail").fill(host.email);
  await desk.getByLabel("Password").fill(password);
  await desk.getByRole("button", { name: "Sign in" }).click();
  const row = desk.locator("#desk-queue li");
  await row.getByText("Bohemian Rhapsody – Queen (key -2)").waitFor();
  expect(await row.locator("b").count(), "names are text, not HTML").toBe(0);

  const second = await newPhone("#sing");
  await second.getByLabel("Song or artist").fill("abba");
  await second.getByRole("button", { name: /Waterloo/ }).click();
  await second.getByLabel("Your name").fill("Ben");
  await second.getByRole("button", { name: "Ask for it" }).click();
  await second.getByText("Place 2").waitFor();
  await row.getByText("Waterloo – ABBA").waitFor();

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

test("a wrong code says so and asks again", async () => {
  const context = await browser.newContext();
  const phone = await context.newPage();
  await phone.goto(`${page.address}/?venue=no-such-venue`);
  await phone.getByText('There is no venue "no-such-venue".').waitFor();
  await phone.getByLabel("Code on the poster").fill(venue.url_name);
  await phone.getByRole("button", { name: "Go" }).click();
  await phone.getByRole("heading", { name: "The Page Bar" }).waitFor();
});
