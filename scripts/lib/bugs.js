// Which of the mall's 27 bugs have a test, and which have a reason in the documents instead.

const fs = require("node:fs");
const path = require("node:path");
const { root, rustFiles, withoutComments } = require("./rust-sources.js");

const BUGS = 27;
const name = (number) => `B${String(number).padStart(2, "0")}`;
const numbers = (text, pattern) => [...new Set([...text.matchAll(pattern)].map((it) => Number(it[1])))].sort((a, b) => a - b);

/** `files` are the sources, `page` is docs/PROTOCOL.md. */
function account(files, page) {
    const tested = numbers(files.map((file) => withoutComments(file.text)).join("\n"), /\bfn b(\d\d)_\w/g);
    const reasons = page.split("\n").filter((line) => /^\|.*\bno test\b/.test(line)).join("\n");
    const explained = numbers(reasons, /^\|\s*B(\d\d?)\s*\|/gm);

    const complaints = [];
    for (let bug = 1; bug <= BUGS; bug++) {
        const ways = [tested, explained].filter((list) => list.includes(bug)).length;
        if (ways === 0) complaints.push(`${name(bug)} has neither a test nor a reason`);
        if (ways === 2) complaints.push(`${name(bug)} has a test, and docs/PROTOCOL.md says there is none`);
    }
    for (const stranger of [...tested, ...explained].filter((bug) => bug < 1 || bug > BUGS)) complaints.push(`${name(stranger)} is no bug of the mall's`);
    return { complaints, tested, explained };
}

function bugsOfTheTree() {
    const page = path.join(root, "docs/PROTOCOL.md");
    return account(rustFiles("crates", "bins", "tests"), fs.existsSync(page) ? fs.readFileSync(page, "utf8") : "");
}

module.exports = { account, bugsOfTheTree, name };
