// The Rust sources as the structural checks read them: without comments and without test modules.

const fs = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "../..");

/** Every .rs file beneath the given folders of the repository, as { path, text }, sorted. */
function rustFiles(...folders) {
    const files = [];
    const walk = (folder) => {
        for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
            const name = `${folder}/${entry.name}`;
            if (entry.isDirectory() && entry.name !== "target") walk(name);
            else if (entry.name.endsWith(".rs")) files.push({ path: name, text: fs.readFileSync(path.join(root, name), "utf8") });
        }
    };
    folders.forEach(walk);
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A file that exists for tests alone: below a crate's tests/, or a test module in a file of its own. */
const isTestFile = (file) => /(^|\/)(tests|benches)\/|(^|\/)tests\.rs$/.test(file);

/**
 * The text with every comment and every `#[cfg(test)]` module blanked, so that line numbers stay.
 * rustfmt closes a module in the column where it opened it, which is how its end is found. Texts in
 * quotes stay, and `//` within them is no comment.
 */
function code(text) {
    const lines = withoutComments(text).split("\n");
    for (let at = 0; at < lines.length; at++) {
        const marker = /^(\s*)#\[cfg\((?:all\()?test\b/.exec(lines[at]);
        if (!marker) continue;
        let open = at + 1;
        while (open < lines.length && /^\s*(#\[.*)?$/.test(lines[open])) open++;
        if (!/^\s*(pub(\(.*\))? )?mod \w+ \{$/.test(lines[open] ?? "")) continue;
        const close = lines.indexOf(`${marker[1]}}`, open);
        if (close < 0) continue;
        lines.fill("", at, close + 1);
        at = close;
    }
    return lines.join("\n");
}

function withoutComments(text) {
    const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[^\n]{1,9}|[^'\\\n])'/g;
    return text.replace(token, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, "") : found));
}

/** Where the rules strike in a file: `path:line: why`. */
function findings(file, rules) {
    const lines = code(file.text).split("\n");
    return lines.flatMap((line, at) =>
        rules.filter((rule) => rule.pattern.test(line)).map((rule) => `${file.path}:${at + 1}: ${rule.why}`),
    );
}

/** Prints the complaints and ends the process; a self-test that failed is a complaint too. */
function conclude(name, complaints, done) {
    for (const complaint of complaints) console.error(`${name}: ${complaint}`);
    if (complaints.length > 0) process.exit(1);
    console.log(`${name}: ${done}`);
}

module.exports = { root, rustFiles, isTestFile, code, findings, withoutComments, conclude };
