import * as z from "zod";

/** A venue's address as people typed it. */
export interface Address {
  address: string;
  city: string;
  state: string;
  postal_code: string;
  country: string;
}

/** A point in degrees, WGS 84. */
export interface Position {
  latitude: number;
  longitude: number;
}

/** The thin client of a service that knows where addresses are. */
export interface Geocoder {
  provider: string;
  /** How long to rest between two questions. */
  pauseMilliseconds: number;
  /** The best match, or nothing where the service knows none; throws when it cannot be asked. */
  find(address: Address): Promise<Position | undefined>;
}

export interface GeocoderSettings {
  url: string;
  timeoutSeconds: number;
}

const latitude = z.coerce.number().min(-90).max(90);
const longitude = z.coerce.number().min(-180).max(180);

const nominatimAnswer = z.array(z.object({ lat: latitude, lon: longitude }));

/** OpenStreetMap's Nominatim: https://nominatim.org/release-docs/latest/api/Search/ */
export function nominatim(settings: GeocoderSettings & { userAgent: string }): Geocoder {
  return {
    provider: "nominatim",
    // The public server allows one question a second and wants to know who asks.
    pauseMilliseconds: 1000,
    async find(address) {
      const [best] = nominatimAnswer.parse(
        await ask(settings, "/search", { q: oneLine(address), format: "jsonv2", limit: "1" }, {
          "user-agent": settings.userAgent,
        }),
      );
      return best && { latitude: best.lat, longitude: best.lon };
    },
  };
}

const hereAnswer = z.object({
  items: z.array(z.object({ position: z.object({ lat: latitude, lng: longitude }) })),
});

/** HERE Geocoding and Search v7: https://www.here.com/docs/bundle/geocoding-and-search-api-v7-api-reference */
export function here(settings: GeocoderSettings & { apiKey: string }): Geocoder {
  return {
    provider: "here",
    pauseMilliseconds: 200,
    async find(address) {
      const [best] = hereAnswer.parse(
        await ask(settings, "/v1/geocode", { q: oneLine(address), limit: "1", apiKey: settings.apiKey }),
      ).items;
      return best && { latitude: best.position.lat, longitude: best.position.lng };
    },
  };
}

function oneLine({ address, city, state, postal_code, country }: Address): string {
  return `${address}, ${city}, ${state} ${postal_code}, ${country}`;
}

/** Errors never carry the address asked at: it holds the key. */
async function ask(
  { url, timeoutSeconds }: GeocoderSettings,
  path: string,
  query: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const response = await fetch(`${url.replace(/\/$/, "")}${path}?${new URLSearchParams(query).toString()}`, {
    headers: { accept: "application/json", ...headers },
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  if (response.ok) return await response.json();
  await response.body?.cancel();
  throw new Error(`The geocoder answered ${response.status}`);
}
