/** What a build makes of the repositories: one module, with the exports of each repository under a name of its own. */
export interface Bundle {
  /** The module's file; its source map lies beside it. */
  readonly path: string;
  readonly repositories: readonly BundledRepository[];
  /** All source files in it that are not of packages: what to watch. */
  readonly sources: readonly string[];
}

export interface BundledRepository {
  readonly name: string;
  /** The member of the bundle that holds its exports. */
  readonly namespace: string;
  /** Its source file. */
  readonly file: string;
  /** Hash of all source files that it is made of. */
  readonly version: string;
}
