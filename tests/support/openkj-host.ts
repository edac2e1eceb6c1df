import { database } from "./database.ts";
import { environment } from "./environment.ts";
import { OpenkjClient, type OpenkjClientOptions } from "./openkj-client.ts";
import { addOpenkjKey, addVenue, type Host, signUpHost } from "./people.ts";

/** All that a host needs to run a night with OpenKJ. */
export interface OpenkjHost {
  person: Host;
  organizationId: string;
  venueId: string;
  venueName: string;
  urlName: string;
  /** The venue's number in OpenKJ. */
  openkjVenueId: number;
  systemId: string;
  apiKey: string;
}

/** A new host with an organization, a venue that takes requests, a system and a key. */
export async function newOpenkjHost(name = "host"): Promise<OpenkjHost> {
  const person = await signUpHost(name, `Karaoke of ${name}`);
  const venue = await addVenue(person, { name: `The ${name} Bar` });
  const apiKey = await addOpenkjKey(person);
  const [system] = await database<{ id: string }[]>`
    select system.id from public.systems as system
    where system.organization_id = ${person.organizationId} order by system.openkj_system_id limit 1
  `;
  if (!system) throw new Error("The organization has no system");
  return {
    person,
    organizationId: person.organizationId,
    venueId: venue.id,
    venueName: venue.name,
    urlName: venue.url_name,
    openkjVenueId: venue.openkj_venue_id,
    systemId: system.id,
    apiKey,
  };
}

/** The desktop program with this host's settings. */
export function programOf(host: OpenkjHost, options: Partial<OpenkjClientOptions> = {}): OpenkjClient {
  return new OpenkjClient({
    url: environment.openkjUrl,
    apiKey: host.apiKey,
    venueId: host.openkjVenueId,
    ...options,
  });
}

/** How many songs the singers of this host find. */
export async function bookSize(host: OpenkjHost): Promise<number> {
  const [book] = await database<{ size: number }[]>`select private.book_size(${host.systemId}) as size`;
  return book?.size ?? 0;
}
