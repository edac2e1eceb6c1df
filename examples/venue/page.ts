import { prepareAsking } from "./ask.ts";
import { startHost } from "./host.ts";
import { element } from "./shared.ts";
import { startSinger } from "./singer.ts";

const pages = ["sing", "queue", "host"];

function show(): void {
  const chosen = pages.find((page) => location.hash === `#${page}`) ?? "sing";
  for (const page of pages) element(page, HTMLElement).hidden = page !== chosen;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${chosen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", show);
show();
prepareAsking();
await Promise.all([startSinger(), startHost()]);
