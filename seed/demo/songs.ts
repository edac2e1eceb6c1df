import { readFileSync } from "node:fs";

export interface Song {
  artist: string;
  title: string;
}

/** The well-known songs of the demo's book, as the seed loads them. */
export function realSongs(): Song[] {
  const seed = readFileSync(new URL("30-songs.sql", import.meta.url), "utf8");
  const [, list = ""] = seed.split("$songs$");
  return list.trim().split("\n").map((line) => {
    const [artist = "", title = ""] = line.split("\t");
    return { artist, title };
  });
}

const colours =
  words`Amber Ashen Azure Beige Brass Cobalt Copper Coral Ebony Fawn Gilded Hazel Indigo Ivory Jade
  Khaki Lilac Linen Maroon Mauve Ochre Olive Opal Pearl Pewter Plum Rusty Sable Scarlet Sepia Slate Teal Umber
  Velvet Walnut Zinc Façade Señor Große Łazy`;
const animals =
  words`Badger Beetle Bison Camel Cormorant Cricket Curlew Egret Falcon Ferret Gecko Gibbon Grouse
  Hamster Heron Ibex Jackal Kestrel Lemur Linnet Lynx Magpie Marmot Mole Newt Ocelot Osprey Otter Pelican Plover
  Possum Puffin Quail Salmon Stoat Tapir Toad Vole Walrus Wombat`;
const verbs =
  words`Baking Carving Counting Drawing Fixing Folding Framing Grinding Growing Hiding Icing Ironing
  Juggling Knitting Mapping Mending Minding Mixing Naming Packing Painting Peeling Planting Polishing Printing
  Raking Reading Renting Sanding Selling Shelving Sketching Sorting Spinning Stacking Storing Tracing Washing
  Weaving Wrapping`;
const things =
  words`Anchors Baskets Blankets Bottles Brushes Buttons Candles Carpets Chairs Curtains Drawers Feathers
  Fences Gardens Hammers Jackets Kettles Ladders Lanterns Letters Marbles Mittens Napkins Needles Orchards Parcels
  Pebbles Pencils Pillows Pockets Ribbons Saddles Saucers Shutters Spoons Stamps Tables Teapots Windows Wagons`;
const places =
  words`Aldermoor Birchford Cravenby Dunmarsh Elmsworth Farrowdale Glenhythe Harlowick Inverbeck Jarrowby
  Kelsham Larkstead Millhaven Netherby Oakridge Penwick Quarrydale Rowanby Stonewick Thornbury Underhill Vinebrook
  Westerleigh Yarrowford Zennorby`;

const artistCount = colours.length * animals.length;
const titleCount = verbs.length * things.length * places.length;

/**
 * Made-up songs to fill a book to any size: the same ones each time, no two alike however they are spelled, with
 * many artists of few songs each as in a real book.
 */
export function generatedSongs(count: number): Song[] {
  return Array.from({ length: Math.max(0, count) }, (_, number) => {
    const artist = number % artistCount;
    // A step without a common divisor visits every title of an artist once before one comes again.
    const title = (Math.floor(number / artistCount) * 7919 + artist * 31) % titleCount;
    const [verb, thing, place] = [
      verbs[title % verbs.length],
      things[Math.floor(title / verbs.length) % things.length],
      places[Math.floor(title / verbs.length / things.length)],
    ];
    return {
      artist: `${colours[artist % colours.length]} ${animals[Math.floor(artist / colours.length)]} Quartet`,
      title: `${verb} the ${thing} of ${place}`,
    };
  });
}

function words(list: TemplateStringsArray): string[] {
  return list.join("").trim().split(/\s+/);
}
