import type * as Supabase from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";

declare const supabase: typeof Supabase;

export type Client = Supabase.SupabaseClient<Database>;

interface Settings {
  url: string;
  key: string;
}

const settings = await (await fetch("settings.json")).json() as Settings;

/** An app of its own within the page: guest and host are signed in side by side. */
export function newClient(storageKey: string): Client {
  return supabase.createClient<Database>(settings.url, settings.key, { auth: { storageKey } });
}

/** The element with an id, of the kind the page says it is. */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} "${id}"`);
  return found;
}

/** The input or select of a form by its name. */
export function field(form: HTMLFormElement, name: string): HTMLInputElement | HTMLSelectElement {
  const found = form.elements.namedItem(name);
  if (!(found instanceof HTMLInputElement || found instanceof HTMLSelectElement)) {
    throw new Error(`No field ${name}`);
  }
  return found;
}

/** Makes an element; text is never read as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  content: (Node | string)[] = [],
  onClick?: () => void,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.append(...content);
  if (onClick) made.addEventListener("click", onClick);
  return made;
}

/** A song and who sings it, as a line of a list. */
export function line(title: string, details: string): HTMLSpanElement {
  return make("span", [title, make("small", [details])]);
}

/** Tells the person what went wrong and how to go on; without an error, takes the message away. */
export function tell(error: { message: string; details?: string | null; hint?: string | null } | null): void {
  const message = element("message", HTMLParagraphElement);
  message.hidden = error === null;
  if (error) message.textContent = [error.details || error.message, error.hint].filter(Boolean).join(" ");
}

/** Listens to a private topic; `onEvent` is called for whatever is heard, and once when listening begins. */
export async function follow(client: Client, topic: string, onEvent: () => void): Promise<() => void> {
  await client.realtime.setAuth();
  const channel = client.channel(topic, { config: { private: true } })
    .on("broadcast", { event: "*" }, onEvent)
    .subscribe((status) => {
      if (status === "SUBSCRIBED") onEvent();
    });
  return () => void client.removeChannel(channel);
}
