import * as z from "zod";

/** Where a venue's page is, as the database tells it. */
export interface Page {
  url_name: string;
  is_private: boolean;
  url: string;
}

/** How the API answered: the page, or a refusal as it is to be passed on. */
export type Found =
  | { page: Page }
  | { refusal: { status: number; code: string; detail: string; retryAfter?: number | undefined } };

const page = z.object({ url_name: z.string(), is_private: z.boolean(), url: z.url() });
const refusal = z.object({
  message: z.string(),
  details: z.string().nullish(),
  hint: z.string().nullish(),
});

/** Asks the project's API as whoever calls: who may see what is decided there. */
export function venuePages(url: string, publicKey: string) {
  return async (urlName: string, authorization: string | null): Promise<Found> => {
    const response = await fetch(`${url}/rest/v1/rpc/venue_page`, {
      method: "POST",
      headers: {
        apikey: publicKey,
        "content-type": "application/json",
        ...(authorization !== null && { authorization }),
      },
      body: JSON.stringify({ p_url_name: urlName }),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return { page: page.parse(await response.json()) };
    const said = refusal.safeParse(await response.json().catch(() => undefined));
    if (response.status >= 500 || !said.success) throw new Error(`The API answered ${response.status}`);
    const retryAfter = Number(response.headers.get("retry-after")) || undefined;
    const detail = [said.data.details, said.data.hint].filter(Boolean).join(" ");
    return {
      refusal: {
        status: response.status,
        // A token that PostgREST does not take is told in its own words.
        code: /^[a-z_]+$/.test(said.data.message) ? said.data.message : "not_allowed",
        detail: detail === "" ? said.data.message : detail,
        retryAfter,
      },
    };
  };
}
