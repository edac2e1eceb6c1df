import { element, field, follow, line, make, newClient, tell } from "./shared.ts";

const client = newClient("host");
let venueId = "";
let stopFollowing = (): void => {};

async function signIn(): Promise<void> {
  const form = element("sign-in", HTMLFormElement);
  const codeField = element("code-field", HTMLLabelElement);
  if (codeField.hidden) {
    const { error } = await client.auth.signInWithPassword({
      email: field(form, "email").value,
      password: field(form, "password").value,
    });
    tell(error);
    if (error) return;
  }
  const { data: level } = await client.auth.mfa.getAuthenticatorAssuranceLevel();
  if (level?.nextLevel === "aal2" && level.currentLevel !== "aal2") {
    const { data: factors } = await client.auth.mfa.listFactors();
    const factor = factors?.totp[0];
    const code = field(form, "code").value;
    if (codeField.hidden || code === "" || !factor) {
      codeField.hidden = false;
      return;
    }
    const { error } = await client.auth.mfa.challengeAndVerify({ factorId: factor.id, code });
    tell(error);
    if (error) return;
  }
  codeField.hidden = true;
  form.reset();
  await openDesk();
}

async function openDesk(): Promise<void> {
  const { data, error } = await client.from("venues").select("id, name").is("archived_at", null).order(
    "name",
  );
  tell(error);
  const select = element("desk-venue", HTMLSelectElement);
  select.replaceChildren(...(data ?? []).map(({ id, name }) => new Option(name, id)));
  element("sign-in", HTMLFormElement).hidden = true;
  element("desk", HTMLElement).hidden = false;
  await chooseVenue();
}

async function chooseVenue(): Promise<void> {
  stopFollowing();
  venueId = element("desk-venue", HTMLSelectElement).value;
  if (venueId) stopFollowing = await follow(client, `venue:${venueId}:queue`, () => void refresh());
  await refresh();
}

async function refresh(): Promise<void> {
  if (!venueId) return;
  const [venue, rules, places, requests] = await Promise.all([
    client.from("venues").select("accepting_requests").eq("id", venueId).single(),
    client.from("venue_rules").select("queue_order").eq("venue_id", venueId).single(),
    client.rpc("public_queue", { p_venue_id: venueId }),
    client.from("requests").select("id, singer_name, artist, title, key_change, notes, state, requested_at")
      .eq("venue_id", venueId).in("state", ["pending", "accepted", "performing"]),
  ]);
  tell(venue.error ?? requests.error);
  element("accepting", HTMLInputElement).checked = venue.data?.accepting_requests ?? false;
  const order = rules.data?.queue_order ?? "fifo";
  element("queue-order", HTMLSelectElement).value = order;
  const place = new Map(places.data?.map(({ request_id, place }) => [request_id, place]));
  const waiting = (requests.data ?? []).toSorted((a, b) =>
    (place.get(a.id) ?? a.id) - (place.get(b.id) ?? b.id)
  );
  const list = element("desk-queue", HTMLOListElement);
  list.replaceChildren(...waiting.map((request, index) => {
    const key = request.key_change === 0
      ? ""
      : ` (key ${request.key_change > 0 ? "+" : ""}${request.key_change})`;
    const details = [`${request.title} – ${request.artist}${key}`, request.notes, request.state].filter(
      Boolean,
    );
    const item = make("li", [line(request.singer_name, details.join(" · "))]);
    const button = (text: string, state: string) =>
      item.append(make("button", [text], () => void setState(request.id, state)));
    if (request.state === "pending") button("Take", "accepted");
    if (request.state === "accepted") button("On stage", "performing");
    if (request.state !== "pending") button("Sung", "completed");
    button("Skip", "skipped");
    const above = waiting[index - 1];
    if (order === "manual" && above) {
      item.append(make("button", ["Up"], () => void moveBefore(request.id, above.id)));
    }
    return item;
  }));
  if (waiting.length === 0) list.append(make("li", ["Nobody is waiting."]));
}

async function setState(id: number, state: string): Promise<void> {
  const reason = state === "skipped" ? prompt("Reason for the singer (may stay empty)") : undefined;
  if (reason === null) return;
  const { error } = await client.rpc("set_request_state", {
    p_request_id: id,
    p_state: state,
    ...(reason && { p_reason: reason }),
  });
  tell(error);
  await refresh();
}

async function moveBefore(id: number, before: number): Promise<void> {
  const { error } = await client.rpc("move_request", { p_request_id: id, p_before_request_id: before });
  tell(error);
  await refresh();
}

/** Brings the host's side of the page to life. */
export async function startHost(): Promise<void> {
  element("sign-in", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn();
  });
  element("desk-venue", HTMLSelectElement).addEventListener("change", () => void chooseVenue());
  element("accepting", HTMLInputElement).addEventListener("change", async (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    const { error } = await client.rpc("set_accepting", {
      p_venue_id: venueId,
      p_accepting: event.target.checked,
    });
    tell(error);
    await refresh();
  });
  element("queue-order", HTMLSelectElement).addEventListener("change", async (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    const { error } = await client.from("venue_rules").update({ queue_order: event.target.value })
      .eq("venue_id", venueId);
    tell(error);
    await refresh();
  });
  element("sign-out", HTMLButtonElement).addEventListener("click", async () => {
    stopFollowing();
    await client.auth.signOut({ scope: "local" });
    element("desk", HTMLElement).hidden = true;
    element("sign-in", HTMLFormElement).hidden = false;
  });
  const { data } = await client.auth.getSession();
  if (data.session) await openDesk();
}
