import pc from "picocolors";

/** Functions that colour text for one stream, or leave it as it is. */
export type Colours = ReturnType<typeof pc.createColors>;

export interface ColourFacts {
  /** False after `--no-color`. */
  readonly isWanted: boolean;
  readonly isTty: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `--no-color`, then NO_COLOR, then FORCE_COLOR, then TERM=dumb, then whether the stream is a terminal. */
export function hasColour({ isWanted, isTty, environment }: ColourFacts): boolean {
  if (!isWanted || (environment["NO_COLOR"] ?? "") !== "") return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return environment["TERM"] !== "dumb" && isTty;
}

export function createColours(isOn: boolean): Colours {
  return pc.createColors(isOn);
}

/** Whether the terminal shows more than ASCII: what the locale says; without a locale all but the Linux console. */
export function hasUnicode(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  return locale === "" ? environment["TERM"] !== "linux" : /utf-?8/i.test(locale);
}
