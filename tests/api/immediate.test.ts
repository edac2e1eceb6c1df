import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { database, forgetRateLimits } from "../support/database.ts";
import { environment } from "../support/environment.ts";
import { follow } from "../support/live.ts";
import {
  addSecondFactor,
  addVenue,
  expectData,
  type Host,
  newClient,
  openkj,
  password,
  type Person,
  signUp,
  signUpHost,
} from "../support/people.ts";

/** A team member with an API key of their own, working everywhere a member can. */
interface Scene {
  host: Host;
  member: Person;
  memberId: string;
  /** The same person on another device. */
  elsewhere: Person["client"];
  venue: Awaited<ReturnType<typeof addVenue>>;
  systemId: string;
  token: string;
  keyId: string;
  key: string;
}

async function setUp(): Promise<Scene> {
  const host = await signUpHost("immediate");
  const member = await signUp("member");
  const [row] = await database`
    insert into public.organization_members (organization_id, user_id, role_key)
    values (${host.organizationId}, ${member.userId}, 'admin') returning id`;
  const venue = await addVenue(host);
  const [system] = expectData(await host.client.from("systems").select("id"));
  const elsewhere = newClient();
  expectData(await elsewhere.auth.signInWithPassword({ email: member.email, password }));
  const created = expectData(
    await member.client.rpc("create_api_key", {
      p_organization_id: host.organizationId,
      p_name: "Made by the member",
      p_scopes: ["requests:read", "requests:write", "songs:read", "venues:read"],
    }),
  ) as { id: string; key: string };
  const { data } = await member.client.auth.getSession();
  return {
    host,
    member,
    memberId: String(row?.["id"]),
    elsewhere,
    venue,
    systemId: system?.id ?? "",
    token: data.session?.access_token ?? "",
    keyId: created.id,
    key: created.key,
  };
}

const functions = `${environment.apiUrl}/functions/v1`;

/** Every way in for a person: does it work? Asked with the access token of before, whatever the app has done since. */
const waysOfPeople: Record<string, (scene: Scene) => Promise<boolean>> = {
  "a table over REST": async ({ member, token, venue }) => {
    const { data } = await member.client.from("venues").select("id").eq("id", venue.id)
      .setHeader("Authorization", `Bearer ${token}`);
    return data?.length === 1;
  },
  "a call over REST": async ({ member, token, venue }) => {
    const { error } = await member.client.rpc("set_accepting", { p_venue_id: venue.id, p_accepting: true })
      .setHeader("Authorization", `Bearer ${token}`);
    return error === null;
  },
  "an Edge Function": async ({ token, systemId }) => {
    const answer = await fetch(`${functions}/song-books/export?system_id=${systemId}&format=csv`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body?.cancel();
    return answer.ok;
  },
  "joining a Realtime channel": async ({ token, venue }) => {
    const client = newClient();
    await client.realtime.setAuth(token);
    const subscribed = await new Promise<boolean>((resolve) => {
      client.channel(`venue:${venue.id}:queue`, { config: { private: true } }).subscribe((status) => {
        if (status === "SUBSCRIBED") resolve(true);
        else if (status !== "CLOSED") resolve(false);
      });
    });
    await client.removeAllChannels();
    client.realtime.disconnect();
    return subscribed;
  },
};

const waysOfKeys: Record<string, (scene: Scene) => Promise<boolean>> = {
  OpenKJ: async ({ key }) => (await openkj({ command: "getVenues", api_key: key }))["error"] === false,
  "the request interface": async ({ key, venue }) => {
    const answer = await fetch(`${functions}/requests/venues/${venue.id}/requests`, {
      headers: { "x-api-key": key },
    });
    await answer.body?.cancel();
    return answer.ok;
  },
  "song books": async ({ key, systemId }) => {
    const answer = await fetch(`${functions}/song-books/export?system_id=${systemId}&format=csv`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await answer.body?.cancel();
    return answer.ok;
  },
};

async function working(ways: Record<string, (scene: Scene) => Promise<boolean>>, scene: Scene) {
  const found: Record<string, boolean> = {};
  for (const [name, works] of Object.entries(ways)) found[name] = await works(scene);
  return found;
}

const all = (ways: Record<string, unknown>, works: boolean) =>
  Object.fromEntries(Object.keys(ways).map((name) => [name, works]));

const admin = newClient(environment.serviceRoleKey).auth.admin;

const causes: [string, { happens(scene: Scene): PromiseLike<unknown>; person: boolean; key: boolean }][] = [
  ["a removal", {
    happens: ({ host, memberId }) => host.client.rpc("remove_member", { p_member_id: memberId }),
    person: false,
    key: false,
  }],
  ["a suspension", {
    happens: ({ host, memberId }) =>
      host.client.rpc("set_member_suspended", { p_member_id: memberId, p_suspended: true }),
    person: false,
    key: false,
  }],
  ["leaving", {
    happens: ({ elsewhere, host }) =>
      elsewhere.rpc("leave_organization", { p_organization_id: host.organizationId }),
    person: false,
    key: false,
  }],
  ["a ban", {
    happens: ({ member }) => admin.updateUserById(member.userId, { ban_duration: "1h" }),
    person: false,
    key: false,
  }],
  ["the end of the account", {
    happens: ({ member }) => admin.deleteUser(member.userId),
    person: false,
    key: false,
  }],
  ["signing out everywhere", {
    happens: ({ elsewhere }) => elsewhere.auth.signOut({ scope: "global" }),
    person: false,
    key: true,
  }],
  ["signing out here", {
    happens: ({ member }) => member.client.auth.signOut({ scope: "local" }),
    person: false,
    key: true,
  }],
  ["signing out the others from elsewhere", {
    happens: ({ elsewhere }) => elsewhere.auth.signOut({ scope: "others" }),
    person: false,
    key: true,
  }],
  ["ending the session from the list", {
    happens: async ({ elsewhere }) => {
      const sessions = expectData(await elsewhere.rpc("list_sessions"));
      const other = sessions.find(({ is_current }) => !is_current);
      return elsewhere.rpc("end_session", { p_session_id: other?.id ?? "" });
    },
    person: false,
    key: true,
  }],
  ["a second factor added elsewhere", {
    happens: async ({ elsewhere, member }) => {
      await addSecondFactor({ ...member, client: elsewhere });
      return { error: null };
    },
    person: false,
    key: true,
  }],
  ["the organization's demand for a second factor", {
    happens: async ({ host }) => {
      await addSecondFactor(host);
      return await host.client.from("organizations").update({ require_mfa: true }).eq(
        "id",
        host.organizationId,
      )
        .select("id").single();
    },
    person: false,
    key: true,
  }],
  ["revoking the key", {
    happens: ({ host, keyId }) => host.client.rpc("revoke_api_key", { p_api_key_id: keyId }),
    person: true,
    key: false,
  }],
  ["rotating the key", {
    happens: ({ host, keyId }) => host.client.rpc("rotate_api_key", { p_api_key_id: keyId }),
    person: true,
    key: false,
  }],
];

beforeAll(forgetRateLimits);
afterAll(() => database.end());

describe("works from the next statement on", () => {
  test.each(causes)("%s", async (_, { happens, person, key }) => {
    const scene = await setUp();
    expect(await working(waysOfPeople, scene)).toEqual(all(waysOfPeople, true));
    expect(await working(waysOfKeys, scene)).toEqual(all(waysOfKeys, true));
    const queue = `${functions}/requests/venues/${scene.venue.id}/requests`;
    const first = await fetch(queue, { headers: { "x-api-key": scene.key } });
    const { cursor } = await first.json() as { cursor: string };
    const waiting = fetch(`${queue}?since=${cursor}&wait=20`, { headers: { "x-api-key": scene.key } });
    const heard = await follow(scene.host.client, `venue:${scene.venue.id}:queue`);

    const outcome = await happens(scene) as { error: unknown };
    expect(outcome.error).toBeNull();
    expect(await working(waysOfPeople, scene)).toEqual(all(waysOfPeople, person));
    expect(await working(waysOfKeys, scene)).toEqual(all(waysOfKeys, key));

    // The call that waits learns of the next change what any call would.
    expectData(
      await scene.host.client.rpc("add_walk_up", {
        p_venue_id: scene.venue.id,
        p_singer_names: ["Kim"],
        p_artist: "Test Artist",
        p_title: "Secret Song",
      }),
    );
    const answer = await waiting;
    expect([answer.ok, (await answer.text()).includes("Secret Song")]).toEqual([key, key]);
    expect(JSON.stringify(heard)).not.toContain("Secret Song");
    await scene.host.client.removeAllChannels();
    scene.host.client.realtime.disconnect();
    scene.member.client.realtime.disconnect();
  });
});
