/** A song as a host writes it. */
export interface Song {
  artist: string;
  title: string;
}

/** One row of a file: what it says of a song and where, or why it cannot be read. */
export interface Row {
  line: number;
  artist?: string;
  title?: string;
  /** Where in its line each part begins: the number of the column of a table, the character of a text; from 1. */
  artist_column?: number;
  title_column?: number;
  column?: number;
  problem?: string;
}

/** Which column holds what, by name or by number from 1. */
export interface Columns {
  artist: string | number;
  title: string | number;
}

/** A file that cannot be used as a whole. */
export class FileProblem extends Error {
  readonly code: string;
  readonly hint: string;
  readonly line: number | undefined;

  constructor(code: string, detail: string, hint: string, line?: number) {
    super(detail);
    this.code = code;
    this.hint = hint;
    this.line = line;
  }
}

/** Opens the file from its beginning; a format may have to read it twice. */
export type OpenFile = () => Promise<ReadableStream<Uint8Array>>;

/** How a format is read and written. */
export interface Format {
  contentType: string;
  /** Whether it is a text, whose encoding has to be found out. */
  isText: boolean;
  /** `encoding` is that of a text. */
  read(open: OpenFile, columns: Columns | null, encoding?: string): AsyncIterable<Row>;
  write(songs: AsyncIterable<Song[]>): AsyncIterable<string | Uint8Array>;
}
