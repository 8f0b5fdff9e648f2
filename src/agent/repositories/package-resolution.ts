import { createRequire, isBuiltin } from "node:module";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";

/** Where the SDK of this installation lies: index.js, client.js, config.js. */
export interface SdkLocation {
  readonly directory: string;
}

/**
 * Decides what goes into the bundle. Packages stay outside: the bundle imports their very files, so that a package is one instance however it
 * is reached, and looks as it would without us. What Node cannot run (TypeScript, also of linked packages) goes in.
 */
export function packageResolution(sdk: SdkLocation): Plugin {
  return {
    name: "coflux-packages",
    setup(build) {
      const known = new Map<string, Promise<OnResolveResult | undefined>>();
      build.onStart(() => known.clear());
      build.onResolve({ filter: /^[^./]|\.node$/ }, (asked) => {
        if (asked.kind === "entry-point" || asked.pluginData === resolving || isBuiltin(asked.path)) return undefined;
        const key = `${asked.kind} ${asked.path} ${asked.resolveDir}`;
        const result = known.get(key) ?? resolvePackage(build, sdk, asked);
        known.set(key, result);
        return result;
      });
    },
  };
}

/** Marks our own question to esbuild, which comes by here again. */
const resolving = Symbol("resolving");

async function resolvePackage(
  build: PluginBuild,
  sdk: SdkLocation,
  asked: OnResolveArgs,
): Promise<OnResolveResult | undefined> {
  const { path, kind, importer, namespace, resolveDir } = asked;
  const entry = /^coflux(?:\/(client|config))?$/.exec(path);
  if (entry) return outside(sdkFile(sdk, path, entry[1] ?? "index", resolveDir), kind);
  const found = await build.resolve(path, { kind, importer, namespace, resolveDir, pluginData: resolving });
  if (found.errors.length > 0 || found.external || found.namespace !== "file") return undefined; // esbuild says it better.
  const isOfPackage = found.path.includes(`${sep}node_modules${sep}`) && /\.[cm]?js$/.test(found.path);
  return isOfPackage || found.path.endsWith(".node") ? outside(found.path, kind) : undefined;
}

function outside(path: string, kind: OnResolveArgs["kind"]): OnResolveResult {
  const isRequired = kind === "require-call" || kind === "require-resolve";
  return { path: isRequired ? path : pathToFileURL(path).href, external: true };
}

/** The SDK that the user's code would find by itself; where it finds none, that of this installation. */
function sdkFile(sdk: SdkLocation, specifier: string, name: string, resolveDir: string): string {
  try {
    return createRequire(join(resolveDir, "module.js")).resolve(specifier);
  } catch {
    return join(sdk.directory, `${name}.js`);
  }
}
