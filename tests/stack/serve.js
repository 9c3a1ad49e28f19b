/* global console, Deno */
// Runs a function as the hosted runtime does, unchanged, on a port of its own: `deno run serve.js <its index.ts>`.
const serve = Deno.serve
Deno.serve = (handler) =>
  serve(
    { hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`listening on ${port}`) },
    handler,
  )
await import(Deno.args[0])
