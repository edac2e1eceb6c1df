import { askFor, type Rules, type Song } from "./ask.ts";
import {
  element,
  field,
  fieldsOf,
  fill,
  follow,
  line,
  make,
  newCalls,
  newClient,
  persistent,
  tell,
} from "./shared.ts";

const client = newClient("singer");
let venue: { id: string; url_name: string; name: string; accepting_requests: boolean } | undefined;

/** What the venue tells at its door about asking. */
interface VenueRules extends Rules {
  guests_allowed?: boolean;
  free_text_allowed?: boolean;
  max_active_requests?: number | null;
  cooldown_minutes?: number | null;
}
let rules: VenueRules = {};

/** A guest is somebody with a phone and no account. */
async function signIn(): Promise<void> {
  const { data } = await client.auth.getSession();
  if (data.session) return;
  const { error } = await client.auth.signInAnonymously();
  if (error) tell(error);
}

function showState(): void {
  if (!venue) return;
  element("venue-name", HTMLHeadingElement).textContent = venue.name;
  const { guests_allowed, max_active_requests, cooldown_minutes } = rules;
  const terms = [
    guests_allowed === false && "from singers with an account",
    max_active_requests && `up to ${max_active_requests} at a time`,
    cooldown_minutes && `${cooldown_minutes} minutes between two`,
  ].filter(Boolean);
  element("venue-state", HTMLParagraphElement).textContent = venue.accepting_requests
    ? ["Taking requests", ...terms].join(", ")
    : "Not taking requests right now";
  showFreeText();
}

async function enter(urlName: string): Promise<void> {
  const { data, error } = await client.rpc("find_venue", { p_url_name: urlName });
  tell(error);
  if (!data?.id || !data.url_name || !data.name) return;
  venue = {
    id: data.id,
    url_name: data.url_name,
    name: data.name,
    accepting_requests: data.accepting_requests ?? false,
  };
  await enterPin(venue.id);
  const address = new URL(location.href);
  address.searchParams.set("venue", venue.url_name);
  history.replaceState(null, "", address);
  element("find", HTMLElement).hidden = true;
  element("book", HTMLElement).hidden = false;
  showState();
  await follow(client, `venue:${venue.id}:display`, () => void refresh());
  await refresh();
}

/** A night may ask for a PIN, once for each phone. */
async function enterPin(venueId: string): Promise<void> {
  const { data: door } = await client.rpc("venue_today", { p_venue_id: venueId });
  if (!fieldsOf(door)["pin_required"]) return;
  for (let pin = prompt("PIN of tonight's show"); pin; pin = prompt("That was not the PIN. Try again")) {
    const { data: isRight, error } = await client.rpc("enter_show", { p_venue_id: venueId, p_pin: pin });
    tell(error);
    if (isRight || error) return;
  }
}

const beginRefresh = newCalls();

const refresh = persistent(async () => {
  if (!venue) return null;
  const isLatest = beginRefresh();
  const [found, door, mine, room] = await Promise.all([
    client.rpc("find_venue", { p_url_name: venue.url_name }),
    client.rpc("venue_today", { p_venue_id: venue.id }),
    client.rpc("my_requests", { p_venue_id: venue.id }),
    client.rpc("public_queue", { p_venue_id: venue.id }),
  ]);
  if (!isLatest()) return null;
  // A venue may keep its queue to itself; that is no failure.
  const error = found.error ?? door.error ?? mine.error ?? (room.status === 403 ? null : room.error);
  if (error) return error;
  venue.accepting_requests = found.data?.accepting_requests ?? false;
  if (door.data) rules = fieldsOf(fieldsOf(door.data)["rules"] ?? null) as VenueRules;
  showState();
  showMine(mine.data ?? []);
  showRoom(room.data ?? [], room.error?.details ?? "Nobody is waiting.");
  return null;
});

const words: Record<string, string> = {
  accepted: "The host has it",
  performing: "You are on!",
  completed: "Sung",
  cancelled: "Withdrawn",
  rejected: "Not accepted",
  skipped: "Skipped",
  cleared: "Cleared",
};

const happened: Record<string, string> = {
  request_accepted: "The host has taken your song",
  request_rejected: "Your song was not accepted",
  request_skipped: "Your song was skipped",
  request_next_up: "You are next",
  host_message: "The host says",
};

type Mine = NonNullable<Awaited<ReturnType<typeof readMine>>["data"]>;
const readMine = () => client.rpc("my_requests");

function showMine(requests: Mine): void {
  const items = requests.map((request) => {
    const minutes = Math.ceil((request.wait_seconds ?? 0) / 60);
    const state = request.state === "pending"
      ? `Place ${request.place}, about ${minutes} minutes`
      : [words[request.state] ?? request.state, request.reason].filter(Boolean).join(": ");
    const item = make("li", [line(`${request.title} – ${request.artist}`, state)]);
    item.dataset["request"] = String(request.id);
    if (["pending", "accepted"].includes(request.state)) {
      item.append(make("button", ["Withdraw"], () => void withdraw(request.id)));
    }
    return item;
  });
  if (items.length === 0) items.push(make("li", ["Nothing yet. Search for a song."]));
  fill(element("mine", HTMLUListElement), items);
}

type Room = NonNullable<Awaited<ReturnType<typeof readRoom>>["data"]>;
const readRoom = (id: string) => client.rpc("public_queue", { p_venue_id: id });

function showRoom(requests: Room, nobody: string): void {
  const items = requests.map((request) => {
    const item = make("li", [
      line(`${request.place}. ${request.singer_name}`, `${request.title} – ${request.artist}`),
    ]);
    if (request.is_mine) item.className = "mine";
    return item;
  });
  if (items.length === 0) items.push(make("li", [nobody]));
  fill(element("room", HTMLOListElement), items);
}

async function withdraw(id: number): Promise<void> {
  const { error } = await client.rpc("cancel_request", { p_request_id: id });
  tell(error);
  await refresh();
}

const beginSearch = newCalls();
let missing = "";

/** Offers to ask for what the book does not have, where the venue takes such songs. */
function showFreeText(): void {
  element("free-text", HTMLButtonElement).hidden = missing === "" || rules.free_text_allowed !== true;
}

async function search(query: string): Promise<void> {
  const isLatest = beginSearch();
  const list = element("songs", HTMLUListElement);
  const count = element("search-count", HTMLParagraphElement);
  if (!venue || query.trim() === "") {
    list.replaceChildren();
    count.textContent = missing = "";
    showFreeText();
    return;
  }
  const { data, error } = await client.rpc("search_songs", { p_venue_id: venue.id, p_query: query });
  if (!isLatest()) return;
  tell(error);
  const total = data?.[0]?.total_count ?? 0;
  count.textContent = total === 0
    ? "No such song in this book."
    : `${total} ${total === 1 ? "song" : "songs"}`;
  list.replaceChildren(
    ...(data ?? []).map((song) =>
      make("li", [
        make(
          "button",
          [line(song.title, song.artist)],
          () => void ask(`${song.title} – ${song.artist}`, song),
        ),
      ])
    ),
  );
  missing = total === 0 && !error ? query : "";
  showFreeText();
}

async function ask(heading: string, song: Song | null, title?: string): Promise<void> {
  const name = localStorage.getItem("singer-name") ?? "";
  const answer = await askFor(heading, song, { name, ...(title && { title }) }, rules);
  if (!answer || !venue) return;
  localStorage.setItem("singer-name", answer.p_singer_names[0] ?? "");
  const { error } = await client.rpc("submit_request", { p_venue_id: venue.id, ...answer });
  tell(error);
  await refresh();
}

const beginNews = newCalls();

/** What became of the singer's requests, and what the host says, until it is read. */
const showNews = persistent(async () => {
  const isLatest = beginNews();
  const { data, error } = await client.from("notifications").select("id, kind, data").is("read_at", null)
    .order("id", { ascending: false }).limit(5);
  if (!isLatest()) return null;
  if (error) return error;
  element("news", HTMLElement).hidden = data.length === 0;
  const items = data.map((notification) => {
    const { title, artist, reason, text } = fieldsOf(notification.data);
    const news = [happened[notification.kind] ?? notification.kind, reason ?? text].filter(Boolean).join(
      ": ",
    );
    const item = make("li", [
      line(news, `${title} – ${artist}`),
      make("button", ["Got it"], () => void markRead(notification.id)),
    ]);
    item.dataset["notification"] = String(notification.id);
    return item;
  });
  fill(element("news-list", HTMLUListElement), items);
  return null;
});

async function markRead(id: number): Promise<void> {
  const { error } = await client.from("notifications").update({ read_at: new Date().toISOString() }).eq(
    "id",
    id,
  );
  tell(error);
  await showNews();
}

async function findNearby(): Promise<void> {
  const position = await new Promise<GeolocationPosition | null>((resolve) =>
    navigator.geolocation.getCurrentPosition(resolve, () => resolve(null), { timeout: 10_000 })
  );
  if (!position) {
    tell({ message: "Your position is not available. Enter the code on the poster instead." });
    return;
  }
  const { data, error } = await client.rpc("nearby_venues", {
    p_latitude: position.coords.latitude,
    p_longitude: position.coords.longitude,
  });
  tell(error);
  element("nearby", HTMLUListElement).replaceChildren(...(data ?? []).map((found) =>
    make("li", [
      line(found.name, `${found.city}, ${found.distance_miles} miles`),
      make("button", ["Go"], () => void enter(found.url_name)),
    ])
  ));
}

/** Brings the singer's side of the page to life. */
export async function startSinger(): Promise<void> {
  element("find-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void enter(field(element("find-form", HTMLFormElement), "url-name").value);
  });
  element("find-nearby", HTMLButtonElement).addEventListener("click", () => void findNearby());
  element("free-text", HTMLButtonElement).addEventListener(
    "click",
    () => void ask("A song that is not in the book", null, missing),
  );
  const form = element("search", HTMLFormElement);
  let timer: ReturnType<typeof setTimeout> | undefined;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void search(field(form, "query").value), 250);
  });
  await signIn();
  const { data } = await client.auth.getSession();
  if (data.session) await follow(client, `user:${data.session.user.id}:notifications`, () => void showNews());
  const urlName = new URL(location.href).searchParams.get("venue");
  if (urlName) await enter(urlName);
  if (!venue) element("find", HTMLElement).hidden = false;
}
