import { type Columns, FileProblem, type Row } from "../song.ts";

/** One row of a table with the line it begins on. */
export interface Cells {
  line: number;
  cells: readonly string[];
}

const artistNames = new Set([
  "artist",
  "artists",
  "artist name",
  "singer",
  "performer",
  "band",
  "by",
  "interpret",
  "künstler",
  "artista",
  "artiste",
]);
const titleNames = new Set([
  "title",
  "song",
  "song title",
  "song name",
  "songtitle",
  "track",
  "name",
  "titel",
  "título",
  "titulo",
  "titre",
  "titolo",
]);

const folded = (cell: string) => cell.trim().toLowerCase().replaceAll(/[\s_-]+/g, " ");

interface Layout {
  artist: number;
  title: number;
  hasHeader: boolean;
}

/** Where artist and title stand: as told, else as the first row says, else in the first two columns. */
function layoutOf({ line, cells }: Cells, columns: Columns | null): Layout {
  const names = cells.map(folded);
  const artist = names.findIndex((name) => artistNames.has(name));
  const title = names.findIndex((name, index) => titleNames.has(name) && index !== artist);
  const looksLikeHeader = artist >= 0 && title >= 0;
  if (columns === null) {
    return looksLikeHeader ? { artist, title, hasHeader: true } : { artist: 0, title: 1, hasHeader: false };
  }
  const place = (column: string | number) => {
    if (typeof column === "number") return column - 1;
    const found = names.indexOf(folded(column));
    if (found < 0) {
      throw new FileProblem(
        "column_not_found",
        `The first row has no column "${column}"; it has: ${cells.slice(0, 20).join(", ")}.`,
        "Name one of these columns, or give its number.",
        line,
      );
    }
    return found;
  };
  const isNamed = typeof columns.artist === "string" || typeof columns.title === "string";
  return {
    artist: place(columns.artist),
    title: place(columns.title),
    hasHeader: isNamed || looksLikeHeader,
  };
}

/** The songs of a table. */
export async function* readTable(rows: AsyncIterable<Cells>, columns: Columns | null): AsyncGenerator<Row> {
  let layout: Layout | undefined;
  for await (const row of rows) {
    if (row.cells.every((cell) => cell.trim() === "")) continue;
    if (layout === undefined) {
      layout = layoutOf(row, columns);
      if (layout.hasHeader) continue;
    }
    const artist = row.cells[layout.artist];
    const title = row.cells[layout.title];
    yield {
      line: row.line,
      ...artist !== undefined && { artist },
      ...title !== undefined && { title },
      artist_column: layout.artist + 1,
      title_column: layout.title + 1,
    };
  }
}
