import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { PROBE_TIMEOUT_MS } from "../limits.ts";
import { sendHttp } from "../api/http.ts";
import { loadSupervisor } from "./server-start.ts";

/** A server that this process has started for itself. */
export interface OwnServer {
  /** Rejects if it ends without having been asked to. */
  readonly lost: Promise<never>;
  /** Stops it in order and waits for its end. */
  stop(): Promise<void>;
}

const dataDirectory = ".coflux";
const loopbackNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Starts a server at the url of the command in this process; null when one answers there already. */
export async function startOwnServer(context: Context, directory: string | undefined): Promise<OwnServer | null> {
  const url = new URL(context.place.url);
  const found = await probe(url);
  if (found === "coflux") {
    context.output.note(`using the server at ${context.place.url}`);
    return null;
  }
  if (found === "foreign") throw portInUse(context, url);
  if (!loopbackNames.has(url.hostname)) throw remoteIsSilent(url);
  const path = resolve(context.workingDirectory, directory ?? dataDirectory);
  context.output.note(`starting a server; its data is in ${path}`);
  return await launch(url, path);
}

async function launch(url: URL, path: string): Promise<OwnServer> {
  const entry = await loadSupervisor();
  const stopping = new AbortController();
  let announce = (): void => undefined;
  const ready = new Promise<void>((resolved) => (announce = resolved));
  const finished = entry.runSupervisor({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 80 : Number(url.port),
    dataDirectory: path,
    stop: stopping.signal,
    onReady: () => announce(),
  });
  const lost = finished.then((code): never => {
    throw serverLost(code);
  });
  lost.catch(() => undefined); // Whoever waits for it hears of it; after a stop nobody does.
  await Promise.race([ready, lost]);
  await keepOutOfGit(path);
  return {
    lost,
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}

/** The data of a server in somebody's project is nothing that they want to commit. */
async function keepOutOfGit(path: string): Promise<void> {
  await writeFile(join(path, ".gitignore"), "*\n", { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

function serverLost(code: ExitCode): CommandError {
  return new CommandError({
    code: "server_unreachable",
    exitCode: code === exitCodes.ok ? exitCodes.internal : code,
    message: "the server that was started here has ended; why stands above",
  });
}

/** What listens at the address: a server of ours, something else, or nothing. */
async function probe(url: URL): Promise<"coflux" | "foreign" | "nothing"> {
  try {
    const path = new URL("/api/version", url);
    const { status, text } = await sendHttp({ method: "GET", url: path, headers: {}, timeoutMs: PROBE_TIMEOUT_MS });
    return status === 503 || (status === 200 && text.includes('"protocol"')) ? "coflux" : "foreign";
  } catch (error) {
    const isRefused = error instanceof Error && error.message === "connection refused";
    return isRefused || !loopbackNames.has(url.hostname) ? "nothing" : "foreign";
  }
}

function portInUse({ command }: Context, url: URL): CommandError {
  const next = `http://127.0.0.1:${Number(url.port) + 1}`;
  return new CommandError({
    code: "port_in_use",
    exitCode: exitCodes.conflict,
    message: `port ${url.port || "80"} is used by something that is not a Coflux server`,
    hint: `choose another: ${command("dev …", { url: next })}`,
  });
}

function remoteIsSilent(url: URL): CommandError {
  return new CommandError({
    code: "server_unreachable",
    exitCode: exitCodes.unreachable,
    message: `the server at ${url.origin} does not answer, and only one on this machine can be started here`,
    hint: "check --url, COFLUX_URL and the url in coflux.config; without a url a server is started here",
  });
}
