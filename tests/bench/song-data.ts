import { randomNumbers } from "./bench.ts";

export interface Song {
  artist: string;
  title: string;
}

const consonants = "bcdfghjklmnprstvwz";
const vowels = "aeiouy";
const endings = ["", "", "", "l", "m", "n", "r", "s", "t"];

/** Invented songs in the proportions of real ones: few artists have many songs, few words are in many titles. */
export class SongMaker {
  readonly words: readonly string[];
  readonly #artists: readonly string[];
  readonly #random: () => number;
  readonly #made = new Set<string>();

  constructor(seed: number, words = 30_000, artists = 60_000) {
    this.#random = randomNumbers(seed);
    const known = new Set<string>();
    while (known.size < words) {
      const word = Array.from(
        { length: 1 + this.below(4) },
        () => this.pick(consonants) + this.pick(vowels) + this.pick(endings),
      );
      known.add(word.join(""));
    }
    this.words = [...known];
    const names = new Set<string>();
    while (names.size < artists) {
      names.add((this.#random() < 0.1 ? "The " : "") + this.#phrase(1 + this.below(3)));
    }
    this.#artists = [...names];
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<Item>(items: ArrayLike<Item>): Item {
    return items[this.below(items.length)]!;
  }

  /** An index that is small much more often than large: the first item is met in a tenth of all draws. */
  #skewed(limit: number): number {
    return Math.floor(Math.pow(limit, this.#random())) % limit;
  }

  #phrase(words: number): string {
    return Array.from({ length: words }, () => {
      const word = this.words[this.#skewed(this.words.length)]!;
      return word[0]!.toUpperCase() + word.slice(1);
    }).join(" ");
  }

  songs(count: number): Song[] {
    const songs: Song[] = [];
    while (songs.length < count) {
      const artist = this.#artists[this.#skewed(this.#artists.length)]!;
      const title = this.#phrase(1 + this.below(4));
      const key = `${artist}\t${title}`;
      if (this.#made.has(key)) continue;
      this.#made.add(key);
      songs.push({ artist, title });
    }
    return songs;
  }

  /** The song typed with one slip in one of its longer words. */
  mistyped(song: Song): string {
    const words = `${song.artist} ${song.title}`.toLowerCase().split(" ");
    const long = words.flatMap((word, index) => word.length >= 5 ? [index] : []);
    if (long.length === 0) return words.join(" ");
    const index = this.pick(long);
    const word = words[index]!;
    const at = 1 + this.below(word.length - 2);
    const letter = this.pick(consonants);
    const slips = [
      word.slice(0, at) + word.slice(at + 1),
      word.slice(0, at) + letter + word.slice(at),
      word.slice(0, at) + letter + word.slice(at + 1),
      word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
    ];
    words[index] = this.pick(slips);
    return words.join(" ");
  }

  /** What somebody who looks for the song might type, in all its kinds. */
  query(song: Song, kind: number): string {
    const words = `${song.artist} ${song.title}`.split(" ");
    const last = words.at(-1)!;
    switch (kind % 10) {
      case 0:
        return song.artist;
      case 1:
        return song.title;
      case 2:
        return `${song.artist} ${song.title}`;
      case 3:
        return `${song.title} ${song.artist}`.toLowerCase();
      case 4:
        return `${words[0]} ${last.slice(0, 3)}`;
      case 5:
        return song.title.slice(0, 5);
      case 6:
        return this.words[this.below(20)]!;
      case 7:
        return this.pick(this.words).slice(0, 1 + this.below(2));
      case 8:
        return this.mistyped(song);
      default:
        return this.below(2) === 0 ? this.words[this.words.length - 1 - this.below(1000)]! : `zz${last}qx`;
    }
  }
}
