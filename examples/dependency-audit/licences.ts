// Which licence a text is, told from its own words, not from what package.json claims.

interface Mark {
  readonly licence: string;
  /** All of these stand in the text; the first mark that fits wins, so the narrower stands before the wider. */
  readonly phrases: readonly RegExp[];
}

const marks: readonly Mark[] = [
  { licence: "Apache-2.0", phrases: [/apache license/i, /version 2\.0/i] },
  { licence: "MPL-2.0", phrases: [/mozilla public license/i, /2\.0/] },
  { licence: "AGPL-3.0", phrases: [/gnu affero general public license/i] },
  { licence: "LGPL", phrases: [/gnu lesser general public license/i] },
  { licence: "GPL", phrases: [/gnu general public license/i] },
  { licence: "CC0-1.0", phrases: [/cc0|creative commons zero/i, /waive/i] },
  { licence: "Unlicense", phrases: [/released into the public domain/i] },
  { licence: "BlueOak-1.0.0", phrases: [/blue oak model license/i] },
  {
    licence: "BSD-3-Clause",
    phrases: [/redistributions of source code/i, /neither the name|names? of (its|the) contributors/i],
  },
  { licence: "BSD-2-Clause", phrases: [/redistributions of source code/i] },
  {
    licence: "MIT",
    phrases: [/permission is hereby granted, free of charge/i, /shall be included in\s+all\s+copies/i],
  },
  { licence: "MIT-0", phrases: [/permission is hereby granted, free of charge/i] },
  { licence: "0BSD", phrases: [/permission to use, copy, modify/i, /with or without fee is hereby granted\./i] },
  { licence: "ISC", phrases: [/permission to use, copy, modify/i, /above copyright notice/i] },
];

/** The SPDX id of a licence text, or undefined when it reads like none that is known here. */
export function classifyLicence(text: string): string | undefined {
  const words = text.replaceAll(/\s+/g, " ");
  return marks.find(({ phrases }) => phrases.every((phrase) => phrase.test(words)))?.licence;
}

/** Whether a licence text agrees with the SPDX expression that a package declares (`(MIT OR Apache-2.0)`). */
export function agrees(declared: string, found: string): boolean {
  const alternatives = declared.replaceAll(/[()]/g, "").split(/\s+(?:OR|AND)\s+/);
  return alternatives.some((alternative) => alternative === found || alternative.startsWith(`${found}-`));
}
