// The least that a function with a database can do: the yardstick for the OpenKJ function.
import { env } from "node:process";
import postgres from "postgres";

const database = postgres(env["SUPABASE_DB_URL"] ?? "", { max: 6, fetch_types: false, onnotice: () => {} });

export default {
  async fetch(): Promise<Response> {
    const [row] = await database`select 1 as one`;
    return Response.json(row);
  },
};
