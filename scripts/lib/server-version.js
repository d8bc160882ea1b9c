// Which version a server is: MySQL and MariaDB say so in their greeting, before anybody logs in, Redis when asked.

const net = require("node:net");

/** The version of the server that a `mysql://…` address names, such as `10.11.19-MariaDB` or `8.0.43`. */
function serverVersion(address) {
    const { hostname, port } = new URL(address);
    return new Promise((resolve, reject) => {
        const socket = net.connect(Number(port || 3306), hostname);
        let greeting = Buffer.alloc(0);
        socket.setTimeout(5_000, () => socket.destroy(new Error("it does not greet")));
        socket.on("data", (bytes) => {
            greeting = Buffer.concat([greeting, bytes]);
            // Four bytes of header, one of protocol, then the version up to a zero byte.
            const end = greeting.indexOf(0, 5);
            if (end < 0) return;
            socket.end();
            if (greeting[4] !== 10) return reject(new Error("it refuses: " + greeting.toString("latin1", 7)));
            // MariaDB puts a version before its own that old clients could read.
            resolve(greeting.toString("latin1", 5, end).replace(/^5\.5\.5-/, ""));
        });
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("it hung up")));
    });
}

/** The version of the Redis that a `redis://…` address names. */
function redisVersion(address) {
    const { hostname, port } = new URL(address);
    return new Promise((resolve, reject) => {
        const socket = net.connect(Number(port || 6379), hostname, () => socket.write("INFO server\r\n"));
        let told = "";
        socket.setTimeout(5_000, () => socket.destroy(new Error("it does not answer")));
        socket.on("data", (bytes) => {
            told += bytes.toString("latin1");
            const version = /^redis_version:(\S+)\r\n/m.exec(told);
            if (!version && !told.startsWith("-")) return;
            socket.end();
            if (version) resolve(version[1]);
            else reject(new Error("it refuses: " + told.trim()));
        });
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("it hung up")));
    });
}

module.exports = { serverVersion, redisVersion };
