import { log, task, workflow } from "coflux";
import { agrees, classifyLicence } from "./licences.ts";
import { findPackages, measure, readLicence, readMetadata } from "./packages.ts";

/** What is wrong with a package's licence, if anything is. */
export type Finding = "none declared" | "no licence text" | "text not recognised" | "text contradicts declaration";

export interface PackageReport {
  readonly name: string;
  readonly version: string;
  /** What package.json says, and what the shipped text is. */
  readonly declared: string | undefined;
  readonly found: string | undefined;
  readonly files: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

export interface Summary {
  readonly packages: number;
  readonly files: number;
  readonly bytes: number;
  readonly licences: ReadonlyMap<string, number>;
  readonly largest: readonly PackageReport[];
  readonly flagged: readonly PackageReport[];
}

export const listPackages = task(async (nodeModules: string) => await findPackages(nodeModules));

/** Reads one package: metadata, licence text, size. Retried, because files can be in flux while packages are installed. */
export const inspectPackage = task(
  { retries: { limit: 2, backoff: "200ms" } },
  async (directory: string): Promise<PackageReport> => {
    const [metadata, licenceText, size] = await Promise.all([
      readMetadata(directory),
      readLicence(directory),
      measure(directory),
    ]);
    const found = licenceText === undefined ? undefined : classifyLicence(licenceText);
    const findings = check(metadata.licence, licenceText, found);
    for (const finding of findings) log.warn("{package}: {finding}", { package: metadata.name, finding });
    return { name: metadata.name, version: metadata.version, declared: metadata.licence, found, ...size, findings };
  },
);

/** Ranks what was found: the largest packages, the licences by number, everything that wants a look. */
export const summarise = task(async (reports: readonly PackageReport[]): Promise<Summary> => {
  const licences = new Map<string, number>();
  for (const { declared, found } of reports) {
    const licence = found ?? declared ?? "unknown";
    licences.set(licence, (licences.get(licence) ?? 0) + 1);
  }
  return {
    packages: reports.length,
    files: reports.reduce((sum, { files }) => sum + files, 0),
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    licences: new Map([...licences].toSorted(([, a], [, b]) => b - a)),
    largest: reports.toSorted((a, b) => b.bytes - a.bytes).slice(0, 10),
    flagged: reports.filter(({ findings }) => findings.length > 0),
  };
});

export const audit = workflow(
  { description: "Licences and sizes of the packages in a node_modules folder" },
  async (nodeModules: string): Promise<Summary> => {
    const directories = await listPackages(nodeModules);
    const inspections = directories.map((directory) => inspectPackage.submit(directory)); // All at once; none is waited for yet.
    const reports = await Promise.all(inspections.map((inspection) => inspection.result()));
    return await summarise(reports);
  },
);

function check(declared: string | undefined, licenceText: string | undefined, found: string | undefined): Finding[] {
  const findings: Finding[] = [];
  if (declared === undefined) findings.push("none declared");
  if (licenceText === undefined) findings.push("no licence text");
  else if (found === undefined) findings.push("text not recognised");
  else if (declared !== undefined && !agrees(declared, found)) findings.push("text contradicts declaration");
  return findings;
}
