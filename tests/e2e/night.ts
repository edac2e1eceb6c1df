import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { generatedSongs, realSongs } from "../../seed/demo/songs.ts";
import { environment } from "../support/environment.ts";
import { follow, type Heard, requestsIn } from "../support/live.ts";
import { OpenkjClient } from "../support/openkj-client.ts";
import {
  addOpenkjKey,
  addSecondFactor,
  addVenue,
  expectData,
  type Person,
  signInByMail,
  signInGuest,
  signUpHost,
} from "../support/people.ts";

/** Tells whoever watches how far the night is. */
export type Tell = (line: string) => void;

/** Waits until a condition holds; says what was waited for when it never does. */
async function until(what: string, holds: () => boolean, seconds = 10): Promise<void> {
  for (let waited = 0; waited < seconds * 40; waited++) {
    if (holds()) return;
    await sleep(25);
  }
  assert.fail(`waited ${seconds} s in vain: ${what}`);
}

const searches = [
  ["beyonce", "Beyoncé"],
  ["acdc", "AC/DC"],
  ["qeen bohem", "Queen"],
] as const;

/**
 * One karaoke night over real wires: a host and their venue, OpenKJ with a book of `bookSize` songs, `guests` phones.
 * Throws as soon as anything is not as people in the room would expect it.
 */
export async function runNight(tell: Tell, { bookSize = 50_000, guests = 20 } = {}): Promise<void> {
  const open: Person[] = [];
  const timers = { started: performance.now() };
  const done = (line: string): void => {
    tell(`${((performance.now() - timers.started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  };

  let desk: OpenkjClient | undefined;
  try {
    const host = await signUpHost("host", "Night Karaoke");
    open.push(host);
    done(`the host ${host.email} has signed up and confirmed the address with the mailed code`);
    await addSecondFactor(host);
    // A corner of the world of its own: other nights may be going on in the same database.
    const latitude = Math.random() * 120 - 60;
    const longitude = Math.random() * 360 - 180;
    const venue = await addVenue(host, { name: "The Night Bar", latitude, longitude });
    const key = await addOpenkjKey(host);
    done(
      `a second factor, the venue "${venue.name}" (OpenKJ calls it ${venue.openkj_venue_id}) and an API key are set up`,
    );

    desk = new OpenkjClient({ url: environment.openkjUrl, apiKey: key, venueId: venue.openkj_venue_id });
    assert.equal(await desk.test(), "", "OpenKJ's test button finds nothing wrong");
    const real = realSongs();
    const book = [...real, ...generatedSongs(bookSize - real.length)];
    const upload = await desk.updateRemoteDatabase(book);
    done(
      `OpenKJ has uploaded ${book.length} songs in ${upload.batches.length} batches, ` +
        `${(upload.bytes / 1e6).toFixed(1)} MB (it dropped ${upload.lost.length} of them itself, as it does)`,
    );
    await desk.start();
    assert.deepEqual(desk.venues.map(({ name, accepting }) => ({ name, accepting })), [
      { name: "The Night Bar", accepting: true },
    ]);
    assert.equal(desk.acceptingBox, true);

    const portal = await follow(host.client, `venue:${venue.id}:queue`);
    const stranger = await signUpHost("stranger", "Other Karaoke");
    open.push(stranger);
    await assert.rejects(
      follow(stranger.client, `venue:${venue.id}:queue`),
      "a stranger cannot follow the queue",
    );
    done("the host's portal follows the queue; another tenant was refused");

    const room: { person: Person; name: string; requestId: number; heard: Heard[] }[] = [];
    for (let number = 1; number <= guests + 1; number++) {
      const person = number <= guests ? await signInGuest() : await signInByMail("singer");
      open.push(person);
      const name = number <= guests ? `Guest ${number}` : "Sol Singer";
      const nearby = expectData(
        await person.client.rpc("nearby_venues", { p_latitude: latitude, p_longitude: longitude }),
      );
      assert.ok(nearby.some(({ id }) => id === venue.id), "the venue is found nearby");
      const found = expectData(await person.client.rpc("find_venue", { p_url_name: venue.url_name }));
      assert.equal(found.id, venue.id, "the venue is found by its url name");

      const [query, artist] = searches[number % searches.length] ?? searches[0];
      const songs = expectData(
        await person.client.rpc("search_songs", { p_venue_id: venue.id, p_query: query }),
      );
      const song = songs[number % 2] ?? songs[0];
      assert.ok(song, `"${query}" finds songs`);
      assert.equal(songs[0]?.artist, artist, `"${query}" finds ${artist} first`);
      const request = expectData(
        await person.client.rpc("submit_request", {
          p_venue_id: venue.id,
          p_song_id: song.song_id,
          p_singer_names: [name],
          p_key_change: (number % 5) - 2,
        }),
      );
      assert.equal(request.state, "pending");
      const heard = await follow(person.client, `request:${request.id}`);
      room.push({ person, name, requestId: request.id, heard });
    }
    await until("the portal sees every request", () => portal.length === room.length);
    assert.deepEqual(
      portal.map(({ event, payload }) => [event, requestsIn(payload).map(({ request_id }) => request_id)]),
      room.map(({ requestId }) => ["requests_created", [requestId]]),
      "each request reached the portal once and in order",
    );
    done(
      `${guests} guests and a singer by magic link have found the venue, searched and asked; the portal saw each at once`,
    );

    for (const { person, requestId } of room) {
      const rows = expectData(await person.client.from("requests").select("id"));
      assert.deepEqual(rows.map(({ id }) => id), [requestId], "a singer sees no request but their own");
    }
    for (const table of ["venues", "requests", "systems", "shows", "organizations", "api_keys"] as const) {
      const rows = expectData(await stranger.client.from(table).select("*"));
      assert.ok(
        rows.every((row) => JSON.stringify(row).includes(stranger.organizationId)),
        `another tenant sees nothing of ours in ${table}`,
      );
    }
    const last = room.at(-1);
    assert.ok(last);
    const [waiting] = expectData(await last.person.client.rpc("my_requests"));
    assert.equal(waiting?.place, room.length, "the last to ask is the last in the queue");
    done("everybody sees their own request and its place, and nobody anything of another tenant");

    await desk.poll();
    assert.deepEqual(
      desk.requests.map(({ singer }) => singer),
      room.map(({ name }) => name),
      "OpenKJ lists the requests in order",
    );
    for (const [index, row] of desk.requests.entries()) {
      assert.equal(row.keyChange, ((index + 1) % 5) - 2, "the key arrives at OpenKJ");
      assert.ok(Math.abs(row.requestTime - Date.now() / 1000) < 600, "the time is in seconds");
    }
    for (const row of desk.requests.slice(0, 5)) await desk.removeRequest(row.requestId);
    await until(
      "five singers hear that the host has taken their song",
      () =>
        room.slice(0, 5).every(({ heard }) => heard.some(({ payload }) => payload["state"] === "completed")),
    );
    assert.ok(room.slice(5).every(({ heard }) => heard.length === 0), "the others hear nothing of it");
    assert.equal(desk.requests.length, room.length - 5);
    const [moved] = expectData(await last.person.client.rpc("my_requests"));
    assert.equal(moved?.place, room.length - 5, "the queue has moved up");
    done("OpenKJ took five songs; their singers heard it live and everybody else moved up");

    await desk.setAccepting(false);
    assert.equal(desk.acceptingBox, false, "the box follows the venue");
    const first = room[0];
    assert.ok(first);
    const again = {
      p_venue_id: venue.id,
      p_artist: "Queen",
      p_title: "Bohemian Rhapsody",
      p_singer_names: [first.name],
    };
    const refused = await first.person.client.rpc("submit_request", again);
    assert.equal(refused.error?.message, "venue_closed", "a closed venue takes no requests");
    await desk.setAccepting(true);
    assert.equal(desk.acceptingBox, true);
    const accepted = expectData(await first.person.client.rpc("submit_request", again));
    await desk.poll();
    assert.ok(desk.requests.some(({ title }) => title === accepted.title), "the new request reaches OpenKJ");
    done("OpenKJ closed the venue, a request was refused; it opened again and the next one came through");

    const sung = expectData(await host.client.from("performances").select("singer_name").order("id"));
    assert.deepEqual(sung.map(({ singer_name }) => singer_name), room.slice(0, 5).map(({ name }) => name));
    done("the night's history has what was sung, by whom, in order");
  } finally {
    desk?.stop();
    await Promise.all(open.map(({ client }) => client.removeAllChannels()));
    for (const { client } of open) client.realtime.disconnect();
  }
}
