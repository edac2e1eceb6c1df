/** What a comment gives as the reason for running with the owner's rights; else what the function is for. */
function reasonOf(comment: string): string {
  const text = comment.replaceAll("''", "'").replaceAll(/\s+/g, " ").trim();
  const named = /\b[Dd]efiner(?:: | because | as |, as )(.+)$/.exec(text)?.[1] ?? text;
  const sentence = /^.*?\.(?= |$)/.exec(named)?.[0] ?? named;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** The page with every function that runs with the rights of its owner, made from the domain's SQL. */
export function definersPage(sql: string): string {
  const comments = new Map(
    [...sql.matchAll(/comment on function private\.(\w+)\([^)]*\)\s+is\s+'((?:[^']|'')*)'/g)].map((found) =>
      [found[1] ?? "", found[2] ?? ""] as const
    ),
  );
  const names = [...sql.matchAll(/create (?:or replace )?function private\.(\w+)\(([\s\S]*?)\$\$/g)]
    .filter((found) => /^security definer$/m.test(found[2] ?? ""))
    .map((found) => found[1] ?? "");
  const lines = [...new Set(names)].sort().map((name) =>
    `- \`private.${name}\`: ${reasonOf(comments.get(name) ?? "A trigger.")}`
  );
  return [
    "# Functions that run with the rights of their owner",
    "",
    "All of them are in the schema `private`, which the API never shows, and have an empty search path. Composed from the comments",
    "in `sql/` by `npm run db:migration`.",
    "",
    ...lines,
    "",
  ].join("\n");
}
