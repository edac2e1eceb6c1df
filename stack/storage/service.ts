import type postgres from "postgres";
import type { Tokens } from "./caller.ts";
import type { Files } from "./files.ts";

/** What the addresses of the service work with. */
export interface Service {
  sql: postgres.Sql;
  files: Files;
  tokens: Tokens;
  /** The most bytes of one object, whatever its bucket says. */
  sizeLimit: number;
}
