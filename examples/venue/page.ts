import { prepareAsking } from "./ask.ts";
import { startHost } from "./host.ts";
import { element } from "./shared.ts";
import { startSinger } from "./singer.ts";

/** What brings a page to life, when it is first shown: a host's tablet is no guest of the room. */
const pages: Record<string, () => Promise<void>> = { sing: startSinger, queue: startSinger, host: startHost };
const started = new Set<() => Promise<void>>();

function show(): void {
  const chosen = Object.keys(pages).find((page) => location.hash === `#${page}`) ?? "sing";
  for (const page of Object.keys(pages)) element(page, HTMLElement).hidden = page !== chosen;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const start = pages[chosen];
  if (!start || started.has(start)) return;
  started.add(start);
  void start();
}

addEventListener("hashchange", show);
prepareAsking();
show();
