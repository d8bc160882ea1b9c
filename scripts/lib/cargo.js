// What cargo says about the workspace, for the structural checks.

const { spawnSync } = require("node:child_process");
const { root } = require("./rust-sources.js");

/** Cargo's output. When cargo refuses, its own words are already on the screen and the check ends. */
function cargo(...args) {
    const { status, stdout } = spawnSync("cargo", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
    if (status !== 0) {
        console.error(`cargo ${args.join(" ")}: failed`);
        process.exit(1);
    }
    return stdout;
}

module.exports = { cargo };
