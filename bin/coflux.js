#!/usr/bin/env node
process.setSourceMapsEnabled(process.argv.includes("--debug")); // Before the bundle is loaded: its map is read with it.
await import("../dist/cli/main.js");
