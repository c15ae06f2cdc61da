// For @hey-api/openapi-ts. With the extension, Node itself finds the compiled files.

export default {
    input: process.env.DOCUMENT,
    output: { path: process.env.CLIENT, importFileExtension: ".js" },
    plugins: ["@hey-api/client-fetch"],
};
