// A receiver of webhooks over TLS that verifies each delivery with Standard Webhooks' own library.
//
// SECRET names the file that holds its secret once the webhook is registered; KEY and CERT name
// its TLS key and certificate. The first attempt of each delivery is answered 503, so that all
// come twice, under the same id.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Webhook } from "standardwebhooks";

const { SECRET, KEY, CERT } = process.env;
const seen = new Set();

function receive(request, body) {
    const id = request.headers["webhook-id"];
    let event;
    try {
        event = new Webhook(readFileSync(SECRET, "utf8")).verify(body, request.headers);
    } catch (error) {
        console.log(`refused ${id}: ${error.message}`);
        return 400;
    }
    if (!seen.has(id)) {
        seen.add(id);
        return 503;
    }
    console.log(`verified ${event.type} ${id} ${request.headers["webhook-signature"].split(" ").length}`);
    return 204;
}

const server = createServer({ key: readFileSync(KEY), cert: readFileSync(CERT) }, (request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
        response.statusCode = receive(request, Buffer.concat(parts).toString("utf8"));
        response.end();
    });
});
server.listen(0, "127.0.0.1", () => console.log(`receives at http://127.0.0.1:${server.address().port}`));
