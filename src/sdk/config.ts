/** What `coflux.config.ts`, `.js` or `.json` may say. Flags and COFLUX_* variables go before it. Paths are relative to the file. */
export interface Config {
  /** The server. Default: `http://127.0.0.1:7777`. */
  readonly url?: string;
  /** Default: `default`. */
  readonly project?: string;
  /** Default: `development`. */
  readonly environment?: string;
  /** A file that holds the token and nothing else. */
  readonly tokenFile?: string;
  /** Name of a repository -> path of its module: what `agent start` and `dev` host when they are given no files. */
  readonly repositories?: Readonly<Record<string, string>>;
  readonly agent?: {
    /** Executions that run at once. */
    readonly concurrency?: number;
    /** Processes that run user code. */
    readonly executors?: number;
    /** Tags that the agent offers. */
    readonly provides?: Readonly<Record<string, string | readonly string[]>>;
  };
  readonly server?: {
    readonly host?: string;
    readonly port?: number;
    readonly dataDirectory?: string;
  };
}

/** Gives a configuration its type: `export default defineConfig({ … })`. Returns it unchanged. */
export function defineConfig(config: Config): Config {
  return config;
}
